/**
 * What may be written and removed, whoever asks. Called synchronously inside the transaction that makes the change, so
 * that two pushes at once cannot both pass; what throws undoes the transaction.
 */
export interface PushRules {
  /**
   * Before a blob becomes part of a repository, by upload or mount, and, with the size that a client announces, before its
   * upload begins. Throws `QuotaExceededError`.
   */
  checkBlob(blob: BlobWrite): void;

  /**
   * Before a manifest is written. Writing what is there already under the same tag always passes. Throws
   * `TagImmutableError`, `MediaTypeNotAllowedError`, `QuotaExceededError`.
   */
  checkManifest(manifest: ManifestWrite): void;

  /** Before a tag goes, by itself or with its manifest. Throws `TagImmutableError`. */
  checkTagRemoval(repository: string, tag: string): void;
}

export interface BlobWrite {
  repository: string;
  /** Missing while it is not known. */
  digest?: string;
  sizeBytes: number;
}

export interface ManifestWrite {
  repository: string;
  digest: string;
  sizeBytes: number;
  mediaType: string;
  /** Of an artifact, or of the manifest's config where it has none. */
  artifactType?: string;
  /** Missing when it is written by digest alone. */
  tag?: string;
  /** What the tag names now; missing when it is new. */
  previousDigest?: string;
}

/** Everything may be written and removed. */
export const noRules: PushRules = {
  checkBlob: () => {},
  checkManifest: () => {},
  checkTagRemoval: () => {},
};
