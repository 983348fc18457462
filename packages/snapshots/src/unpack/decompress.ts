import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { errorMessage } from '@gantry/base';
import type { PackedLayer } from '../snapshotter.ts';
import { type BlobSource, blobChunkBytes } from './blob-source.ts';

/** The compressed stream is truncated, malformed, or followed by something else. */
export class DecompressError extends Error {
  override readonly name = 'DecompressError';
}

type Decoder = Transform & { readonly bytesWritten: number };

/** Room for the decoder to go on in its thread while this one writes files; few and large chunks, because each costs two switches of threads. */
const decoderOptions = {
  chunkSize: 2 * blobChunkBytes,
  readableHighWaterMark: 4 * blobChunkBytes,
  writableHighWaterMark: blobChunkBytes,
};

/**
 * The uncompressed bytes, all members of a gzip file and all frames of a zstd file (skippable ones too). Zeros after the
 * end of gzip are padding, anything else throws `DecompressError`. A chunk is valid until the next one is asked for.
 */
export async function* decompress(
  source: BlobSource,
  compression: PackedLayer['compression'],
): AsyncGenerator<Uint8Array, void, void> {
  if (compression === 'none') {
    for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) yield chunk;
    return;
  }
  let chunk = await source.read();
  if (chunk === undefined) throw new DecompressError('it is empty');
  do {
    source.unread(chunk);
    yield* decodeMember(source, compression);
    chunk = await (compression === 'gzip' ? readPastZeros(source) : source.read());
  } while (chunk !== undefined);
}

async function readPastZeros(source: BlobSource): Promise<Uint8Array | undefined> {
  for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
    const start = chunk.findIndex((byte) => byte !== 0);
    if (start !== -1) return chunk.subarray(start);
  }
  return undefined;
}

/** Node's gunzip goes on with the next member by itself; its zstd decoder ends after a frame that something follows. */
async function* decodeMember(
  source: BlobSource,
  compression: 'gzip' | 'zstd',
): AsyncGenerator<Uint8Array, void, void> {
  const decoder: Decoder =
    compression === 'gzip' ? createGunzip(decoderOptions) : createZstdDecompress(decoderOptions);
  const feeder = new Feeder(source, decoder);
  const feeding = feeder.run();
  try {
    for await (const chunk of decoder as AsyncIterable<Uint8Array<ArrayBuffer>>) {
      yield chunk;
      giveBack(chunk);
    }
  } catch (error) {
    throw decoderFault(error);
  } finally {
    decoder.destroy();
    await feeding;
  }
  feeder.putBackRest();
}

/** Frees at once what collecting garbage would free much later; the decoder goes on in a buffer that is not full. */
function giveBack({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): void {
  if (byteOffset + length === buffer.byteLength) buffer.transfer(0);
}

class Feeder {
  readonly #source: BlobSource;
  readonly #decoder: Decoder;
  readonly #closed: Promise<void>;
  /** The last chunks: all that the decoder may not have used yet. */
  readonly #fed: Uint8Array[] = [];
  #fedBytes = 0;

  constructor(source: BlobSource, decoder: Decoder) {
    this.#source = source;
    this.#decoder = decoder;
    this.#closed = new Promise((resolve) => decoder.once('close', resolve));
  }

  /** Writes until the blob ends or the decoder is closed, which gets what reading fails with. */
  async run(): Promise<void> {
    try {
      await this.#feed();
    } catch (error) {
      this.#decoder.destroy(error as Error);
    }
  }

  async #feed(): Promise<void> {
    while (!this.#decoder.destroyed) {
      const chunk = await this.#source.read();
      if (chunk === undefined) {
        this.#decoder.end();
        return;
      }
      if (this.#decoder.destroyed) return this.#source.unread(chunk);
      this.#fed.push(chunk);
      this.#fedBytes += chunk.length;
      if (this.#decoder.write(chunk)) continue;
      await this.#drained();
      this.#forgetUsed();
    }
  }

  /** Gives the source what the decoder has not used. */
  putBackRest(): void {
    let restBytes = this.#fedBytes - this.#decoder.bytesWritten;
    for (let chunk = this.#fed.pop(); chunk !== undefined && restBytes > 0; chunk = this.#fed.pop()) {
      const kept = Math.min(restBytes, chunk.length);
      this.#source.unread(chunk.subarray(chunk.length - kept));
      restBytes -= kept;
    }
  }

  #forgetUsed(): void {
    let usedBytes = this.#decoder.bytesWritten - (this.#fedBytes - sum(this.#fed));
    while ((this.#fed[0]?.length ?? Infinity) <= usedBytes) usedBytes -= this.#fed.shift()?.length ?? 0;
  }

  async #drained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#decoder.once('drain', resolve);
    await Promise.race([promise, this.#closed]);
    this.#decoder.off('drain', resolve);
  }
}

function sum(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((total, chunk) => total + chunk.length, 0);
}

/** node:zlib's errors have codes such as Z_DATA_ERROR and ZSTD_error_prefix_unknown. */
function decoderFault(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!/^Z(?:STD)?_/.test(code)) return error;
  return new DecompressError(errorMessage(error), { cause: error });
}
