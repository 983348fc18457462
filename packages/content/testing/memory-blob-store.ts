import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Digest, digestHex } from '@gantry/oci';
import { BlobLeases } from '../src/blob-leases.ts';
import {
  type BlobInfo,
  type BlobLease,
  BlobMismatchError,
  BlobNotFoundError,
  type BlobSource,
  type BlobStore,
  BlobTooLargeError,
  type ExpectedBlob,
  type FindReferences,
} from '../src/index.ts';
import { abortable, BlobVerifier, digestOf } from '../src/verified-source.ts';

/** Blobs in memory, for tests of those who use a store. `path` writes a file, which disposing removes. */
export class MemoryBlobStore implements BlobStore, Disposable {
  readonly #blobs = new Map<Digest, Buffer>();
  readonly #leases = new BlobLeases();
  #directory: string | undefined;

  async ingest(source: AsyncIterable<Uint8Array>, expected: ExpectedBlob): Promise<BlobInfo> {
    if (expected.digest !== undefined) expected.lease?.hold(expected.digest);
    const present = expected.digest === undefined ? undefined : await this.stat(expected.digest);
    if (present !== undefined) {
      const { sizeBytes = present.sizeBytes, maxBytes = present.sizeBytes } = expected;
      if (sizeBytes !== present.sizeBytes) {
        throw new BlobMismatchError('size', sizeBytes, present.sizeBytes);
      }
      if (present.sizeBytes > maxBytes) throw new BlobTooLargeError(maxBytes, present.digest);
      await source[Symbol.asyncIterator]().return?.();
      return present;
    }
    const verifier = new BlobVerifier(expected);
    const chunks: Buffer[] = [];
    for await (const chunk of abortable(source, expected.signal)) {
      verifier.update(chunk);
      chunks.push(Buffer.from(chunk));
      expected.onProgress?.(verifier.sizeBytes);
    }
    const info = verifier.finish();
    expected.lease?.hold(info.digest);
    this.#blobs.set(info.digest, Buffer.concat(chunks));
    return info;
  }

  ingestResumable(source: BlobSource, expected: ExpectedBlob & { digest: Digest }): Promise<BlobInfo> {
    const whole = async function* (): AsyncGenerator<Uint8Array> {
      yield* source(0);
    };
    return this.ingest(whole(), expected);
  }

  /** Memory keeps nothing half done. */
  async abandonResumable(): Promise<number> {
    return 0;
  }

  async stat(digest: Digest): Promise<BlobInfo | undefined> {
    const blob = this.#blobs.get(digest);
    return blob === undefined ? undefined : { digest, sizeBytes: blob.length };
  }

  async readSmall(digest: Digest, maxBytes: number): Promise<Uint8Array> {
    const blob = this.#get(digest);
    if (blob.length > maxBytes) throw new BlobTooLargeError(maxBytes, digest);
    const actual = digestOf(blob);
    if (actual !== digest) throw new BlobMismatchError('digest', digest, actual);
    return Buffer.from(blob);
  }

  async *read(digest: Digest, offset = 0): AsyncGenerator<Uint8Array, void, void> {
    const blob = this.#get(digest);
    for (let at = offset; at < blob.length; at += 65536) yield Buffer.from(blob.subarray(at, at + 65536));
  }

  path(digest: Digest): string {
    this.#directory ??= mkdtempSync(path.join(tmpdir(), 'gantry-blobs-'));
    const file = path.join(this.#directory, digestHex(digest));
    const blob = this.#blobs.get(digest);
    if (blob !== undefined) writeFileSync(file, blob);
    return file;
  }

  async *list(): AsyncGenerator<BlobInfo, void, void> {
    for (const [digest, { length }] of this.#blobs) yield { digest, sizeBytes: length };
  }

  lease(): BlobLease {
    return this.#leases.lease();
  }

  async collectGarbage(references: ReadonlySet<Digest> | FindReferences): Promise<BlobInfo[]> {
    using collection = this.#leases.collection();
    const referenced = typeof references === 'function' ? await references() : references;
    const removed: BlobInfo[] = [];
    for (const [digest, { length }] of this.#blobs) {
      if (referenced.has(digest) || collection.isSpared(digest)) continue;
      this.#blobs.delete(digest);
      removed.push({ digest, sizeBytes: length });
    }
    return removed;
  }

  #get(digest: Digest): Buffer {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) throw new BlobNotFoundError(digest);
    return blob;
  }

  [Symbol.dispose](): void {
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
  }
}
