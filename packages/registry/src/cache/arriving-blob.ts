import { createReadStream } from 'node:fs';
import type { ArrivingBlob } from './pull-through.ts';

/** Readers that are so far behind wait for the end, and read the file then. */
const windowBytes = 8 << 20;

/**
 * A blob while it is stored. Its end sets the pace, not its readers: what came last is kept for them in a window, and who falls behind
 * goes on with the file when that is whole. The last chunk waits until the digest was found right.
 */
export class SharedArrival implements ArrivingBlob {
  readonly sizeBytes: number;
  readonly #path: string;
  #window: { offset: number; chunk: Uint8Array }[] = [];
  #receivedBytes = 0;
  #news = Promise.withResolvers<void>();
  #isStored = false;
  readonly #begun = Promise.withResolvers<void>();
  readonly #stored = Promise.withResolvers<void>();

  constructor({ sizeBytes, path }: { sizeBytes: number; path: string }) {
    this.sizeBytes = sizeBytes;
    this.#path = path;
    this.#stored.promise.catch(() => {});
  }

  /** Resolves when it is known that it comes; rejects with why it does not. */
  get begun(): Promise<void> {
    return Promise.race([this.#begun.promise, this.#stored.promise]);
  }

  /** Resolves when it is stored; rejects with what was wrong. */
  get stored(): Promise<void> {
    return this.#stored.promise;
  }

  begin(): void {
    this.#begun.resolve();
  }

  /** Passes the bytes on to whoever stores them, and keeps the last ones for the readers. */
  async *pass(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of source) {
      this.#window.push({ offset: this.#receivedBytes, chunk });
      this.#receivedBytes += chunk.length;
      while ((this.#window[0]?.offset ?? this.#receivedBytes) < this.#receivedBytes - windowBytes)
        this.#window.shift();
      this.#tell();
      yield chunk;
    }
  }

  /** It is stored (also when it was there before, and nothing came), or something was wrong. */
  settle(error?: unknown): void {
    this.#isStored = error === undefined;
    if (error === undefined) this.#stored.resolve();
    else this.#stored.reject(error);
    this.#window = [];
    this.#tell();
  }

  async *read(signal?: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
    let offset = 0;
    while (offset < this.sizeBytes) {
      signal?.throwIfAborted();
      if (this.#isStored) {
        yield* createReadStream(this.#path, {
          start: offset,
          highWaterMark: 1 << 20,
        }) as AsyncIterable<Uint8Array>;
        return;
      }
      const chunk = this.#chunkAt(offset);
      if (chunk === undefined) await this.#change(offset);
      else {
        offset += chunk.length;
        yield chunk;
      }
    }
  }

  /** Never the last one: it is read from the file. */
  #chunkAt(offset: number): Uint8Array | undefined {
    const found = this.#window.find((entry) => entry.offset === offset);
    return found === undefined || offset + found.chunk.length >= this.sizeBytes ? undefined : found.chunk;
  }

  async #change(offset: number): Promise<void> {
    const isBehind = offset < (this.#window[0]?.offset ?? 0);
    const isAtEnd = this.#receivedBytes >= this.sizeBytes;
    await (isBehind || isAtEnd ? this.stored : Promise.race([this.#news.promise, this.stored]));
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
