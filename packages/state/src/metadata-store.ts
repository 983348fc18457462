/**
 * Durable metadata: JSON documents by key in named collections.
 *
 * ```ts
 * const images = store.collection<ImageRecord>('images', { version: 1 });
 * store.transaction(() => {
 *   images.put(id, record);
 *   names.put('docker.io/library/debian:bookworm', { imageId: id });
 * });
 * ```
 *
 * A `put` or `delete` that returned survives `kill -9` and a power cut; in a collection that `lasts` for a boot only the
 * first. Calls are synchronous: a change that survives power cuts costs about 0.2 ms on a disk that is idle and waits for
 * one that is not, and many in one `transaction` cost as much as one. Where many come at once, or the event loop must not
 * wait, let a transaction be synced `later` and acknowledge it after `synced()`.
 */
export interface MetadataStore extends Disposable {
  /**
   * Opens a collection; documents of an older version go through `migrate` once, in one transaction. Throws
   * `NewerStoreError` when the stored version is above `version`. Opening a name twice gives the same collection.
   */
  collection<T>(name: string, options: CollectionOptions<T>): Collection<T>;

  /**
   * All changes inside `work` happen, or none (when it throws). Synchronous; a nested call joins the outer one. With
   * `lasts: 'boot'`, which collections of that kind alone may be changed in, it does not wait for the disk; with
   * `sync: 'later'` neither, and `synced()` says when it has got there.
   */
  transaction<T>(work: () => T, options?: TransactionOptions): T;

  /**
   * Resolves when every change made before the call survives a power cut. The event loop does not wait, and any number
   * of changes share one sync. Rejects with `StoreFailedError` when the disk fails, from then on always.
   */
  synced(): Promise<void>;
}

export interface TransactionOptions {
  /** `always` when missing. */
  lasts?: Lasting;
  /** `now` when missing: before the transaction returns. */
  sync?: 'now' | 'later';
}

/** `boot`: of what the kernel holds, which a power cut ends. After one, the latest changes may be undone, last first. */
export type Lasting = 'always' | 'boot';

export interface CollectionOptions<T> {
  /** The version of the document shape that this code writes; from 1. */
  version: number;
  /** How long changes must last; `always` when missing. */
  lasts?: Lasting;
  /** Turns a document of version `from` into one of the current version. Required once `version` exceeds 1. */
  migrate?: (document: unknown, from: number) => T;
}

export interface Collection<T> {
  /** A copy of the document: changing it changes nothing stored. */
  get(key: string): T | undefined;
  /** Creates or replaces. */
  put(key: string, document: T): void;
  /** False when there was none. */
  delete(key: string): boolean;
  /** In order of key. */
  entries(): { key: string; document: T }[];
  /** Some of the entries, in order of key; costs what it returns, however many there are. */
  page(wanted: PageRequest): { key: string; document: T }[];
}

/** Keys compare as bytes of UTF-8. */
export interface PageRequest {
  /** With what the keys begin; with anything when missing. */
  prefix?: string;
  /** The key after which the page begins, whether it is there or not; the first one when missing. */
  after?: string;
  /** At most so many. */
  limit: number;
}
