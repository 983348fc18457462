import type { Digest } from '@gantry/oci';
import type { ChangeOptions, Page } from './registry-storage.ts';

/** Blobs as parts of repositories; the bytes are stored once, however many repositories have them. */
export interface Blobs {
  /** Undefined unless it is part of the repository. Whoever asks may rely on it for a while: a collection spares it. */
  get(repository: string, digest: string): LinkedBlob | undefined;

  /** The file with its bytes, to be read and never written. Throws `InvalidDigestError`. */
  path(digest: string): string;

  /** In order of digest. */
  list(repository: string, page: Page): LinkedBlob[];

  /**
   * Stores a blob that comes from elsewhere than a client's upload. Throws `BlobMismatchError`, `BlobTooLargeError`,
   * `BlobStorageFullError`. Idempotent.
   */
  put(repository: string, content: BlobContent, options?: ChangeOptions<BlobChange>): Promise<LinkedBlob>;

  /** Makes a blob of one repository part of another. Undefined unless the first has it. Idempotent. */
  mount(mount: BlobMount, options?: ChangeOptions<BlobChange>): Promise<LinkedBlob | undefined>;

  /** Takes it out of the repository. False when it was not there; throws `BlobInUseError` while a manifest names it. */
  remove(repository: string, digest: string, options?: ChangeOptions<BlobChange>): Promise<boolean>;
}

export interface LinkedBlob {
  digest: Digest;
  sizeBytes: number;
  linkedAt: string;
}

export interface BlobContent {
  digest: string;
  sizeBytes?: number;
  source: AsyncIterable<Uint8Array>;
  signal?: AbortSignal;
}

export interface BlobMount {
  from: string;
  to: string;
  digest: string;
}

export interface BlobChange {
  repository: string;
  digest: Digest;
  sizeBytes: number;
  /** False when the repository has it already. */
  isNew: boolean;
}
