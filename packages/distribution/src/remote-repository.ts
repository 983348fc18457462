import type { Descriptor, Digest } from '@gantry/oci';

/**
 * A repository on a registry. Every method throws `RegistryUnreachableError`, `RegistryRefusedError` (with the registry's own
 * words), `AccessDeniedError`, `TooManyRequestsError` after the tries that the client was opened with, and the reason of an
 * aborted `signal`.
 */
export interface RemoteRepository {
  /**
   * A manifest or index by tag or digest, as bytes whose digest was verified. Throws `ManifestUnknownError`,
   * `InvalidDigestError` and `DigestMismatchError` when the registry sends another document than it names.
   */
  manifest(reference: string, options?: TransferOptions): Promise<RemoteDocument>;

  /**
   * A blob's bytes from `offset` on (0 when missing), not verified. A broken connection is taken up again where it broke, with a
   * range; a large blob that comes slowly is fetched over several connections. Throws `BlobUnknownError`, `RangeIgnoredError`.
   */
  blob(descriptor: BlobDescriptor, options?: BlobOptions): AsyncIterable<Uint8Array>;

  /** All tags, in the registry's order, page by page. */
  tags(options?: TransferOptions): AsyncIterable<string>;

  /** Whether the repository has the blob. */
  hasBlob(digest: Digest, options?: TransferOptions): Promise<boolean>;

  /**
   * Takes a blob over from another repository of the same registry. False when the registry does not do that: it has to be
   * uploaded then.
   */
  mountBlob(digest: Digest, fromPath: string, options?: TransferOptions): Promise<boolean>;

  /** Uploads a blob; `open` is called again for a further try, and what it gives is freed when it is sent. Idempotent. */
  putBlob(
    descriptor: BlobDescriptor,
    open: () => AsyncIterable<Uint8Array>,
    options?: UploadOptions,
  ): Promise<void>;

  /**
   * Manifests whose `subject` is the digest (distribution spec 1.1, "Listing Referrers"), of one type when it is given; by the tag that
   * the spec falls back to from a registry without that. Empty when there are none.
   */
  referrers(digest: Digest, options?: ReferrersOptions): Promise<Descriptor[]>;

  /**
   * Stores a manifest or index under a tag or its digest. What it names must be there. Of one with a `subject` the registry, or the tag
   * that the spec falls back to, knows afterwards. Idempotent.
   */
  putManifest(reference: string, document: RemoteDocument, options?: TransferOptions): Promise<void>;
}

/** Addresses that a descriptor has of its own (`urls`) are not asked: they are anybody's choice. */
export type BlobDescriptor = Pick<Descriptor, 'digest' | 'size'>;

export interface TransferOptions {
  signal?: AbortSignal;
}

export interface BlobOptions extends TransferOptions {
  offset?: number;
}

export interface ReferrersOptions extends TransferOptions {
  artifactType?: string;
}

export interface UploadOptions extends TransferOptions {
  /** Called with the bytes sent so far; goes back to less when a try failed. */
  onProgress?: (sentBytes: number) => void;
}

export interface RemoteDocument {
  mediaType: string;
  digest: Digest;
  bytes: Uint8Array;
}

/** Who asks, as the client of the engine says. Never logged. */
export interface RegistryCredentials {
  username?: string | undefined;
  password?: string | undefined;
  /** A refresh token for the registry's token service. */
  identitytoken?: string | undefined;
  /** A token that is sent to the registry as it is. */
  registrytoken?: string | undefined;
}
