import { randomUUID } from 'node:crypto';
import { lstatSync, renameSync } from 'node:fs';
import { type FileHandle, mkdir, open, opendir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '@gantry/base';
import { isErrno } from '@gantry/kernel';
import { type Digest, digestHex, isDigest, parseDigest } from '@gantry/oci';
import { BlobLeases } from './blob-leases.ts';
import type {
  BlobInfo,
  BlobLease,
  BlobSource,
  BlobStore,
  ExpectedBlob,
  FindReferences,
} from './blob-store.ts';
import { BlobMismatchError, BlobNotFoundError, BlobStorageFullError, BlobTooLargeError } from './errors.ts';
import { ChunkWriter, readChunks } from './file-chunks.ts';
import { linkFromNeighbours } from './neighbours.ts';
import { ResumableIngests } from './partial/resumable-ingests.ts';
import { abortable, BlobVerifier, digestOf } from './verified-source.ts';

/** What nobody went on with for a day is given up. */
const resumableIdleMs = 24 * 3600 * 1000;

export interface FileBlobStoreOptions {
  /** Made when it is missing, readable by its owner only. One store at a time may use it. */
  directory: string;
  logger: Logger;
  /**
   * Content directories of other stores on the same file system, of a registry beside an engine and the other way round: a blob
   * that one of them has is taken over by a hard link instead of being kept twice. None of them is changed.
   */
  neighbours?: readonly string[];
}

/**
 * Blobs as files: `blobs/sha256/<hex>` under its directory, with `ingest/` beside it for what is being written or thrown
 * away, and `resumable/` for what an ingest goes on with later. They lie on one file system, so that a blob appears and goes by one
 * rename; the file and its directory are synced before `ingest` resolves.
 */
export class FileBlobStore implements BlobStore {
  readonly #blobs: string;
  readonly #ingest: string;
  /** Undefined in a store that is only read. */
  #resumable: ResumableIngests | undefined;
  readonly #leases = new BlobLeases();
  readonly #neighbours: readonly string[];

  private constructor(directory: string, neighbours: readonly string[] = []) {
    this.#neighbours = neighbours;
    this.#blobs = path.join(directory, 'blobs', 'sha256');
    this.#ingest = path.join(directory, 'ingest');
  }

  /** A store as it lies there, to be read: nothing is made and nothing removed. */
  static existing(directory: string): Pick<BlobStore, 'list' | 'stat' | 'readSmall'> {
    return new FileBlobStore(directory);
  }

  /** Makes what is missing and removes what an earlier process left half written, unless an ingest may go on with it. */
  static async open({ directory, logger, neighbours }: FileBlobStoreOptions): Promise<FileBlobStore> {
    const store = new FileBlobStore(directory, neighbours);
    await mkdir(store.#blobs, { recursive: true, mode: 0o700 });
    await mkdir(store.#ingest, { recursive: true, mode: 0o700 });
    store.#resumable = await ResumableIngests.open(
      { directory: path.join(directory, 'resumable'), store },
      { idleMs: resumableIdleMs },
    );
    for (const parent of [path.dirname(store.#blobs), directory, path.dirname(directory)]) {
      await syncDirectory(parent);
    }
    const leftovers = await readdir(store.#ingest);
    for (const name of leftovers) await rm(path.join(store.#ingest, name), { recursive: true, force: true });
    if (leftovers.length > 0) {
      logger.info('removed unfinished blobs', { component: 'content', count: leftovers.length });
    }
    return store;
  }

  async ingest(source: AsyncIterable<Uint8Array>, expected: ExpectedBlob): Promise<BlobInfo> {
    using ownLease = this.#leases.lease();
    const lease = expected.lease ?? ownLease;
    if (expected.digest !== undefined) {
      const present = await this.find(expected.digest, lease);
      if (present !== undefined) {
        await source[Symbol.asyncIterator]().return?.();
        return checkPresent(present, expected);
      }
    }
    const temporary = path.join(this.#ingest, randomUUID());
    try {
      const info = await this.#writeTemporary(temporary, source, expected);
      await this.adopt(temporary, info, lease);
      return info;
    } catch (error) {
      await rm(temporary, { force: true });
      if (isErrno(error, 'ENOSPC', 'EDQUOT'))
        throw new BlobStorageFullError(path.dirname(this.#ingest), error);
      throw error;
    }
  }

  async ingestResumable(source: BlobSource, expected: ExpectedBlob & { digest: Digest }): Promise<BlobInfo> {
    using ownLease = this.#leases.lease();
    const lease = expected.lease ?? ownLease;
    return await this.#resumableIngests().ingest(source, { ...expected, lease }, async () => {
      const present = await this.find(expected.digest, lease);
      return present === undefined ? undefined : checkPresent(present, expected);
    });
  }

  abandonResumable(): Promise<number> {
    return this.#resumableIngests().abandon(0);
  }

  /** The blob as it is here, or as a neighbour has it, which makes it ours. Kept by the lease from now on, found or not. */
  async find(digest: Digest, lease: BlobLease): Promise<BlobInfo | undefined> {
    // Held before it is looked for, so that no collection can take it in between.
    lease.hold(digest);
    const present = await this.stat(digest);
    if (present !== undefined || this.#neighbours.length === 0) return present;
    const temporary = path.join(this.#ingest, randomUUID());
    const taken = await linkFromNeighbours(this.#neighbours, digest, temporary);
    if (taken !== undefined) await this.adopt(temporary, taken, lease);
    return taken;
  }

  /**
   * Takes a file over as the blob that it was verified to be. It is synced, on the same file system, and nobody writes to it
   * any more; it is gone from where it was, also when the blob was there before.
   */
  async adopt(file: string, { digest }: Pick<BlobInfo, 'digest'>, lease: BlobLease): Promise<void> {
    lease.hold(digest);
    await rename(file, this.path(digest));
    await syncDirectory(this.#blobs);
  }

  async #writeTemporary(
    temporary: string,
    source: AsyncIterable<Uint8Array>,
    expected: ExpectedBlob,
  ): Promise<BlobInfo> {
    const verifier = new BlobVerifier(expected);
    await using file = await open(temporary, 'wx', 0o600);
    const onWritten = (writtenBytes: number): void => expected.onStored?.(temporary, writtenBytes);
    const writer = new ChunkWriter(file, { capacityBytes: expected.sizeBytes, onWritten });
    try {
      for await (const chunk of abortable(source, expected.signal)) {
        verifier.update(chunk);
        await writer.write(chunk);
        expected.onProgress?.(verifier.sizeBytes);
      }
      const info = verifier.finish();
      await writer.finish();
      await file.sync();
      return info;
    } finally {
      await writer.settle();
    }
  }

  async stat(digest: Digest): Promise<BlobInfo | undefined> {
    try {
      const { size } = await stat(this.path(digest));
      return { digest, sizeBytes: size };
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  async readSmall(digest: Digest, maxBytes: number): Promise<Uint8Array> {
    await using file = await this.#open(digest);
    const { size } = await file.stat();
    if (size > maxBytes) throw new BlobTooLargeError(maxBytes, digest);
    const bytes = await file.readFile();
    const actual = digestOf(bytes);
    if (actual !== digest) throw new BlobMismatchError('digest', digest, actual);
    return bytes;
  }

  async *read(digest: Digest, offset = 0): AsyncGenerator<Uint8Array, void, void> {
    await using file = await this.#open(digest);
    yield* readChunks(file, offset);
  }

  path(digest: Digest): string {
    return path.join(this.#blobs, digestHex(parseDigest(digest)));
  }

  async *list(): AsyncGenerator<BlobInfo, void, void> {
    for await (const entry of await opendir(this.#blobs)) {
      const digest = `sha256:${entry.name}`;
      const info = isDigest(digest) ? await this.stat(digest) : undefined;
      if (info !== undefined) yield info;
    }
  }

  lease(): BlobLease {
    return this.#leases.lease();
  }

  async collectGarbage(references: ReadonlySet<Digest> | FindReferences): Promise<BlobInfo[]> {
    await this.#resumableIngests().abandon(resumableIdleMs);
    using collection = this.#leases.collection();
    const referenced = typeof references === 'function' ? await references() : references;
    const removed: BlobInfo[] = [];
    for (const name of await readdir(this.#blobs)) {
      const digest = `sha256:${name}`;
      if (!isDigest(digest) || referenced.has(digest)) continue;
      const trash = path.join(this.#ingest, randomUUID());
      // One turn of the event loop from the question to the rename: a lease taken later finds the blob gone.
      const sizeBytes = collection.isSpared(digest) ? undefined : moveAway(this.path(digest), trash);
      if (sizeBytes === undefined) continue;
      await rm(trash, { force: true });
      removed.push({ digest, sizeBytes });
    }
    return removed;
  }

  #resumableIngests(): ResumableIngests {
    if (this.#resumable === undefined) throw new Error('this store is only read');
    return this.#resumable;
  }

  async #open(digest: Digest): Promise<FileHandle> {
    try {
      return await open(this.path(digest), 'r');
    } catch (error) {
      if (isErrno(error, 'ENOENT')) throw new BlobNotFoundError(digest);
      throw error;
    }
  }
}

function checkPresent(present: BlobInfo, { sizeBytes, maxBytes }: ExpectedBlob): BlobInfo {
  if (sizeBytes !== undefined && present.sizeBytes !== sizeBytes) {
    throw new BlobMismatchError('size', sizeBytes, present.sizeBytes);
  }
  if (maxBytes !== undefined && present.sizeBytes > maxBytes) {
    throw new BlobTooLargeError(maxBytes, present.digest);
  }
  return present;
}

/** Renames and returns the size; undefined when the file was gone already. */
function moveAway(file: string, trash: string): number | undefined {
  try {
    const { size } = lstatSync(file);
    renameSync(file, trash);
    return size;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r');
  await handle.sync();
}
