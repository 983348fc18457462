import { freeChunk, KeyedLock } from '@gantry/base';
import { type Digest, digestHex, parseDigest } from '@gantry/oci';
import type { BlobInfo, BlobLease, BlobSource, ExpectedBlob } from '../blob-store.ts';
import { BlobMismatchError, BlobStorageFullError, BlobTooLargeError } from '../errors.ts';
import { FilePartialBlobs, type FilePartialBlobsOptions } from './file-partial-blobs.ts';

/** A blob that is expected by its digest, under a lease. */
export type NamedBlob = ExpectedBlob & { digest: Digest; lease: BlobLease };

/**
 * Blobs that are fetched and may be gone on with: what came of one is kept by its digest when its ingest fails and when the engine
 * ends. Whether it was right is known when the whole is hashed.
 */
export class ResumableIngests {
  readonly #partials: FilePartialBlobs;
  readonly #locks = new KeyedLock();
  readonly #active = new Set<string>();

  private constructor(partials: FilePartialBlobs) {
    this.#partials = partials;
  }

  /** Removes what nobody has gone on with for `idleMs`. */
  static async open(
    options: FilePartialBlobsOptions,
    { idleMs }: { idleMs: number },
  ): Promise<ResumableIngests> {
    const ingests = new ResumableIngests(await FilePartialBlobs.open(options));
    await ingests.abandon(idleMs);
    return ingests;
  }

  /**
   * Fetches what is missing of a blob, and makes a blob of the whole. One at a time a digest: `isThere` is asked when it is one's turn.
   * Throws as `BlobStore.ingest`; when the disk is full, or what came is wrong, nothing of it is left.
   */
  async ingest(
    source: BlobSource,
    expected: NamedBlob,
    isThere: () => Promise<BlobInfo | undefined>,
  ): Promise<BlobInfo> {
    const id = digestHex(parseDigest(expected.digest));
    const work = async (): Promise<BlobInfo> => {
      this.#active.add(id);
      try {
        return (await isThere()) ?? (await this.#fetch(id, source, expected));
      } finally {
        this.#active.delete(id);
      }
    };
    return await this.#locks.run(id, work, expected.signal);
  }

  /** Removes what no ingest goes on with and nobody has gone on with for `idleMs`. Returns its bytes. */
  async abandon(idleMs: number): Promise<number> {
    let bytes = 0;
    for await (const { id, changedAt } of this.#partials.list()) {
      if (this.#active.has(id) || Date.now() - changedAt.getTime() < idleMs) continue;
      bytes += (await this.#partials.sizeBytes(id)) ?? 0;
      await this.#partials.remove(id);
    }
    return bytes;
  }

  async #fetch(id: string, source: BlobSource, expected: NamedBlob): Promise<BlobInfo> {
    const before = (await this.#partials.sizeBytes(id)) ?? 0;
    try {
      return await this.#append(id, source, expected);
    } catch (error) {
      // What an earlier engine left was not what it seemed; a power loss does that.
      if (!(error instanceof BlobMismatchError) || before === 0) throw error;
      await this.#partials.remove(id);
      return await this.#append(id, source, expected);
    }
  }

  async #append(id: string, source: BlobSource, expected: NamedBlob): Promise<BlobInfo> {
    const { digest, sizeBytes, lease, signal, onProgress, onStored } = expected;
    const maxBytes = sizeBytes ?? expected.maxBytes;
    const offset = (await this.#partials.sizeBytes(id)) ?? 0;
    const onWritten = (bytes: number): void => onStored?.(this.#partials.path(id), bytes);
    try {
      if (offset > 0) onProgress?.(offset);
      onWritten(offset);
      if (offset === 0 || offset !== sizeBytes) {
        const expectedBytes = sizeBytes === undefined ? undefined : sizeBytes - offset;
        const counted = freed(withProgress(source(offset), offset, onProgress));
        const size = await this.#partials.append(id, counted, {
          maxBytes,
          expectedBytes,
          onWritten,
          signal,
        });
        if (sizeBytes !== undefined && size !== sizeBytes)
          throw new BlobMismatchError('size', sizeBytes, size);
      }
      return await this.#partials.commit(id, digest, lease);
    } catch (error) {
      const isTooLarge = error instanceof BlobTooLargeError;
      const isUseless =
        isTooLarge || error instanceof BlobMismatchError || error instanceof BlobStorageFullError;
      if (isUseless) await this.#partials.remove(id);
      throw isTooLarge && sizeBytes !== undefined
        ? new BlobMismatchError('size', sizeBytes, `more than ${sizeBytes}`)
        : error;
    }
  }
}

/** The chunks of a source that asks for nothing back. */
async function* freed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of source) {
    yield chunk;
    freeChunk(chunk);
  }
}

async function* withProgress(
  source: AsyncIterable<Uint8Array>,
  offset: number,
  onProgress: ((bytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  let bytes = offset;
  for await (const chunk of source) {
    bytes += chunk.length;
    yield chunk;
    onProgress?.(bytes);
  }
}
