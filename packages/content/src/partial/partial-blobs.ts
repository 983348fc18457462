import type { Digest } from '@gantry/oci';
import type { BlobInfo, BlobLease } from '../blob-store.ts';

/**
 * Blobs that arrive in pieces, over many connections and restarts of the process. An id is a UUID, or the hex digits of
 * a digest that the blob shall have; whoever uses one sees to
 * it that calls about it come one after another.
 */
export interface PartialBlobs {
  /** How many bytes are there; undefined when none ever came. */
  sizeBytes(id: string): Promise<number | undefined>;

  /**
   * Appends what `source` gives and resolves with the size of all. What came before `source` failed or `signal` aborted
   * stays; so does what fitted when `BlobStorageFullError` or `BlobTooLargeError` is thrown: `sizeBytes` tells. It survives
   * `kill -9`; a power cut may take the last bytes, which `commit` would notice.
   */
  append(id: string, source: AsyncIterable<Uint8Array>, options?: AppendOptions): Promise<number>;

  /**
   * Makes a blob of it, durably and at once, when its bytes have the digest; throws `BlobMismatchError` when they have not.
   * Nothing of it is left here either way, and what is stored already is not stored again. Empty when nothing was appended.
   */
  commit(id: string, digest: Digest, lease: BlobLease): Promise<BlobInfo>;

  /** Idempotent. */
  remove(id: string): Promise<void>;

  /** Every one that has got bytes, in no order, and when the last ones came. */
  list(): AsyncIterable<{ id: string; changedAt: Date }>;
}

export interface AppendOptions {
  /** Of all its bytes, not only of these. */
  maxBytes?: number | undefined;
  /** How many bytes are expected now, so that few of them take a small buffer. */
  expectedBytes?: number | undefined;
  /** Told how many bytes there are in all, each time more are written. */
  onWritten?: ((sizeBytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}
