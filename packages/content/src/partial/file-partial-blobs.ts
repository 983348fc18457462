import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdir, open, opendir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { faultPoint } from '@gantry/base';
import { isErrno } from '@gantry/kernel';
import { type Digest, parseDigest } from '@gantry/oci';
import type { BlobInfo, BlobLease } from '../blob-store.ts';
import { BlobMismatchError, BlobStorageFullError, BlobTooLargeError } from '../errors.ts';
import type { FileBlobStore } from '../file-blob-store.ts';
import { ChunkWriter, readChunks } from '../file-chunks.ts';
import { abortable } from '../verified-source.ts';
import type { AppendOptions, PartialBlobs } from './partial-blobs.ts';

export interface FilePartialBlobsOptions {
  /** On the file system of the store. Made when it is missing, readable by its owner only. */
  directory: string;
  /** Where they end up. */
  store: Pick<FileBlobStore, 'adopt' | 'find'>;
}

/** The digest of the first bytes, so that they need not be read again. */
interface Running {
  hash: Hash;
  sizeBytes: number;
}

/** Of so many that grow at a time the digest is kept; of others the file is read again in the end. */
const maxRunning = 1024;

const idGrammar = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64})$/;

/** A file for each, which becomes the blob by a rename. */
export class FilePartialBlobs implements PartialBlobs {
  readonly #directory: string;
  readonly #store: Pick<FileBlobStore, 'adopt' | 'find'>;
  readonly #running = new Map<string, Running>();

  private constructor({ directory, store }: FilePartialBlobsOptions) {
    this.#directory = directory;
    this.#store = store;
  }

  static async open(options: FilePartialBlobsOptions): Promise<FilePartialBlobs> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    return new FilePartialBlobs(options);
  }

  async sizeBytes(id: string): Promise<number | undefined> {
    try {
      return (await stat(this.path(id))).size;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  async append(
    id: string,
    source: AsyncIterable<Uint8Array>,
    { maxBytes, expectedBytes: capacityBytes, onWritten, signal }: AppendOptions = {},
  ): Promise<number> {
    await using file = await this.#open(id);
    const { size: offset } = await file.stat();
    const running = this.#take(id, offset);
    const writer = new ChunkWriter(file, { capacityBytes, offset, onWritten });
    let sizeBytes = offset;
    try {
      for await (const chunk of abortable(source, signal)) {
        if (maxBytes !== undefined && sizeBytes + chunk.length > maxBytes) {
          throw new BlobTooLargeError(maxBytes);
        }
        sizeBytes += chunk.length;
        running?.hash.update(chunk);
        await writer.write(chunk);
      }
    } catch (error) {
      throw this.#translated(error);
    } finally {
      // Also of a source that broke: it goes on from there.
      const isWritten = await writer.finish().then(
        () => true,
        () => false,
      );
      if (running !== undefined && isWritten) this.#keep(id, { hash: running.hash, sizeBytes });
    }
    const { size } = await file.stat();
    if (size !== sizeBytes) throw new BlobMismatchError('size', sizeBytes, size);
    return sizeBytes;
  }

  async commit(id: string, digest: Digest, lease: BlobLease): Promise<BlobInfo> {
    try {
      await using file = await this.#open(id);
      const info = await this.#verify(id, digest, file);
      // Only whoever has the bytes gets the blob: they were sent whole, and need not be kept twice.
      if ((await this.#store.find(digest, lease)) !== undefined) {
        await this.remove(id);
        return info;
      }
      await file.sync();
      faultPoint('partial-blob/synced');
      await this.#store.adopt(this.path(id), info, lease);
      faultPoint('partial-blob/adopted');
      return info;
    } catch (error) {
      if (error instanceof BlobMismatchError) await this.remove(id);
      throw this.#translated(error);
    }
  }

  async remove(id: string): Promise<void> {
    this.#running.delete(id);
    await rm(this.path(id), { force: true });
  }

  async *list(): AsyncGenerator<{ id: string; changedAt: Date }, void, void> {
    for await (const { name } of await opendir(this.#directory)) {
      if (!idGrammar.test(name)) continue;
      const changedAt = await stat(this.path(name)).then(
        ({ mtime }) => mtime,
        () => undefined,
      );
      if (changedAt !== undefined) yield { id: name, changedAt };
    }
  }

  async #verify(id: string, digest: Digest, file: FileHandle): Promise<BlobInfo> {
    const { size: sizeBytes } = await file.stat();
    const running = this.#take(id, sizeBytes) ?? { hash: await hashOf(file) };
    const actual = parseDigest(`sha256:${running.hash.digest('hex')}`);
    if (actual !== digest) throw new BlobMismatchError('digest', digest, actual);
    return { digest, sizeBytes };
  }

  /** What is known of the first `sizeBytes`, no longer kept; undefined when they would have to be read. */
  #take(id: string, sizeBytes: number): Running | undefined {
    const known = this.#running.get(id);
    this.#running.delete(id);
    if (known?.sizeBytes === sizeBytes) return known;
    return sizeBytes === 0 ? { hash: createHash('sha256'), sizeBytes } : undefined;
  }

  #keep(id: string, running: Running): void {
    this.#running.set(id, running);
    const [oldest] = this.#running.keys();
    if (this.#running.size > maxRunning && oldest !== undefined) this.#running.delete(oldest);
  }

  async #open(id: string): Promise<FileHandle> {
    try {
      return await open(this.path(id), 'r+');
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      return await open(this.path(id), 'wx+', 0o600).catch((failure: unknown) => {
        throw this.#translated(failure);
      });
    }
  }

  #translated(error: unknown): unknown {
    return isErrno(error, 'ENOSPC', 'EDQUOT') ? new BlobStorageFullError(this.#directory, error) : error;
  }

  /** Where its bytes are, or will be. */
  path(id: string): string {
    if (!idGrammar.test(id)) throw new TypeError(`not an id of a partial blob: ${JSON.stringify(id)}`);
    return path.join(this.#directory, id);
  }
}

async function hashOf(file: FileHandle): Promise<Hash> {
  const hash = createHash('sha256');
  for await (const chunk of readChunks(file, 0)) hash.update(chunk);
  return hash;
}
