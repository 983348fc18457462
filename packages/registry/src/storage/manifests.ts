import type { Digest } from '@gantry/oci';
import type { ChangeOptions, Page } from './registry-storage.ts';

/** Manifests and indexes of repositories. */
export interface Manifests {
  get(repository: string, digest: string): ManifestInfo | undefined;

  /**
   * Its bytes as they were written, verified. Undefined when the repository does not have it; throws
   * `StoredManifestDamagedError` when the disk has lost them.
   */
  read(repository: string, digest: string): Promise<Uint8Array | undefined>;

  /** In order of digest. */
  list(repository: string, page: Page): ManifestInfo[];

  /**
   * Writes a manifest, and a tag for it where one is given, at once. Throws what `inspectManifest` throws,
   * `ManifestReferenceUnknownError` when it names what the repository does not have, and `ManifestReferenceSizeError` when
   * that is of another size than it says. Idempotent.
   */
  put(
    repository: string,
    manifest: NewManifest,
    options?: ChangeOptions<ManifestChange>,
  ): Promise<ManifestInfo>;

  /**
   * Removes it with its tags. False when it was not there; throws `ManifestInUseError` while an index of the repository
   * names it.
   */
  remove(repository: string, digest: string, options?: ChangeOptions<ManifestRemoval>): Promise<boolean>;

  /** The tags that name it, in order. */
  tagsOf(repository: string, digest: string): string[];

  /** Notes that it was read, by its tag where one was asked for. */
  notePull(repository: string, digest: string, tag?: string): void;
}

export interface ManifestInfo {
  digest: Digest;
  mediaType: string;
  sizeBytes: number;
  /** Of an artifact; the media type of the config where the manifest has none of its own. */
  artifactType?: string;
  /** What it is about (OCI image spec 1.1): that need not be there. */
  subject?: Digest;
  /** What it is made of. */
  references: readonly ManifestReference[];
  pushedAt: string;
  /** Up to a minute old after a crash. */
  pulledAt?: string;
}

export interface ManifestReference {
  role: 'config' | 'layer' | 'manifest';
  digest: Digest;
  mediaType: string;
  sizeBytes: number;
  /** Its bytes are elsewhere (foreign layers), and need not be in the repository. */
  isForeign?: true;
  /** Of a manifest in an index: `linux/arm64/v8`. */
  platform?: string;
}

export interface NewManifest {
  bytes: Uint8Array;
  /** As announced; what the document itself says when missing. */
  mediaType?: string | undefined;
  /** What it must have; throws `BlobMismatchError` when it has another. */
  digest?: string | undefined;
  tag?: string | undefined;
  /** What it names may come later: of a cache, which fetches what is asked for. */
  isSparse?: boolean;
}

export interface ManifestChange {
  repository: string;
  manifest: Omit<ManifestInfo, 'pushedAt' | 'pulledAt'>;
  tag?: string;
  /** What the tag names now. */
  previousDigest?: Digest;
}

export interface ManifestRemoval {
  repository: string;
  manifest: ManifestInfo;
  /** Go with it. */
  tags: readonly string[];
}
