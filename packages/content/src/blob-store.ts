import type { Digest } from '@gantry/oci';

/** Blobs by digest: what was stored under a digest has that digest, always. */
export interface BlobStore {
  /**
   * Stores a stream. The bytes are hashed while they are written; the blob appears under its digest, durably and at
   * once, only when it is whole and right. Storing what is there already is cheap and changes nothing.
   * Throws `BlobMismatchError` on a wrong digest or size, `BlobTooLargeError` past `maxBytes`; nothing is left then.
   */
  ingest(source: AsyncIterable<Uint8Array>, expected: ExpectedBlob): Promise<BlobInfo>;

  /**
   * The same of a source that gives the blob from any place on. Of several at once that wait for one digest one asks its source;
   * what came before it failed may be kept for some time, also over a restart, and the next one goes on there. The chunks are the
   * store's: it frees what it has stored.
   */
  ingestResumable(source: BlobSource, expected: ExpectedBlob & { digest: Digest }): Promise<BlobInfo>;

  /** Undefined when the blob is not there. */
  stat(digest: Digest): Promise<BlobInfo | undefined>;

  /** The whole blob, for small ones (manifests, configs). Verifies the digest. Throws `BlobNotFoundError`, `BlobTooLargeError`. */
  readSmall(digest: Digest, maxBytes: number): Promise<Uint8Array>;

  /** Streams from `offset`. Throws `BlobNotFoundError`. Does not verify: ingest did. */
  read(digest: Digest, offset?: number): AsyncIterable<Uint8Array>;

  /** Where the blob's file is, for those who open it themselves (unpacking workers). Read-only to them. */
  path(digest: Digest): string;

  /** Every blob, in no order. */
  list(): AsyncIterable<BlobInfo>;

  /** Keeps every blob that is ingested or held through the lease from garbage collection, until it is disposed. */
  lease(): BlobLease;

  /**
   * Removes every blob that is neither in `referenced` nor leased. Returns what went. Safe beside running ingests. Where the
   * set takes time to find, it is a function: that is called when the collection has begun, and what is held at any time
   * after that stays too.
   */
  collectGarbage(referenced: ReadonlySet<Digest> | FindReferences): Promise<BlobInfo[]>;

  /** Removes what is kept to go on with, but not from under a running ingest. Returns its bytes. */
  abandonResumable(): Promise<number>;
}

/** A blob's bytes from an offset to the end. */
export type BlobSource = (offset: number) => AsyncIterable<Uint8Array>;

export type FindReferences = () => Promise<ReadonlySet<Digest>>;

export interface ExpectedBlob {
  digest?: Digest;
  sizeBytes?: number;
  /** Upper bound when the size is not known. */
  maxBytes?: number;
  lease?: BlobLease;
  signal?: AbortSignal;
  /** Called with the bytes written so far. */
  onProgress?: (writtenBytes: number) => void;
  /**
   * In a store that has files: told how many bytes are in the file in which the blob comes, at the beginning and each
   * time there are more. They are not verified yet. Fewer than before are in another file, which was begun anew; before the first
   * one there may be no file. What it throws fails the ingest.
   */
  onStored?: (file: string, storedBytes: number) => void;
}

export interface BlobInfo {
  digest: Digest;
  sizeBytes: number;
}

export interface BlobLease extends Disposable {
  hold(digest: Digest): void;
}
