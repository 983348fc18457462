import { writev } from 'node:fs';
import type { Descriptor } from '@gantry/kernel';

/** What is gathered before it is written. */
const batchBytes = 1024 * 1024;
const batchChunks = 256;

/**
 * Writes chunks, which may be small, to places of a file: some at a time and on pool threads, while the next ones come. A
 * slow disk holds up nobody else, and whoever writes faster than the disk waits.
 */
export class ContentWriter {
  readonly #file: Descriptor;
  #parts: Uint8Array[] = [];
  /** Where the parts go, and how long they are together. */
  #offset = 0;
  #length = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: Descriptor) {
    this.#file = file;
  }

  /** Takes `data` over. Rejects when an earlier write failed. */
  async write(data: Uint8Array, offset: number): Promise<void> {
    if (offset !== this.#offset + this.#length) {
      await this.#send();
      this.#offset = offset;
    }
    this.#parts.push(data);
    this.#length += data.length;
    if (this.#length >= batchBytes || this.#parts.length >= batchChunks) await this.#send();
  }

  /** Resolves when all is written. */
  async flush(): Promise<void> {
    await this.#send();
    await this.#writing;
  }

  /** Resolves when nothing is written any more, whatever became of it: then the file may be closed. */
  async idle(): Promise<void> {
    await this.#writing.catch(() => {});
  }

  /** Begins to write what was gathered, when what was begun before is written. */
  async #send(): Promise<void> {
    await this.#writing;
    if (this.#length === 0) return;
    this.#writing = writeAll(this.#file.fd, this.#parts, this.#offset);
    this.#writing.catch(() => {});
    this.#offset += this.#length;
    this.#parts = [];
    this.#length = 0;
  }
}

async function writeAll(fd: number, parts: readonly Uint8Array[], position: number): Promise<void> {
  let written = await writeOnce(fd, parts, position);
  if (written === lengthOf(parts)) return;
  const all = Buffer.concat(parts);
  while (written < all.length) written += await writeOnce(fd, [all.subarray(written)], position + written);
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

function writeOnce(fd: number, parts: readonly Uint8Array[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(fd, parts, position, (error, written) => {
      if (error) reject(error);
      else resolve(written);
    });
  });
}
