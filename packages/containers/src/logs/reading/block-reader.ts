import { read } from 'node:fs';

const blockBytes = 256 * 1024;
/** Room in front of a block for what the one before left over: more than most records have. */
const headroomBytes = 64 * 1024;

/** Where in a file to read, and how much can be read from there on. */
export interface BlockPlace {
  position: number;
  available: number;
}

interface Reading extends BlockPlace {
  descriptor: number;
  memory: Buffer;
  done: Promise<number>;
}

/**
 * Reads a file block by block, the next one while the last one is used. With `reusesMemory` all blocks lie in the same two
 * pieces of memory: a new one each is more work for the garbage collector than all that is done with it.
 */
export class BlockReader {
  readonly #reusesMemory: boolean;
  #ahead: Reading | undefined;
  #reading: Promise<unknown> | undefined;
  #spare: Buffer | undefined;
  #used: Buffer | undefined;

  constructor(reusesMemory: boolean) {
    this.#reusesMemory = reusesMemory;
  }

  /**
   * The next block with `carried`, the end of the last one, before it. `bytesRead` is 0 when the file ends there. With
   * `reusesMemory` the block before is overwritten.
   */
  async read(
    descriptor: number,
    place: BlockPlace,
    carried: Buffer,
  ): Promise<{ block: Buffer; bytesRead: number }> {
    const reading = this.#taken(descriptor, place) ?? this.#begin(descriptor, place);
    const { memory } = reading;
    const bytesRead = await reading.done;
    const end = headroomBytes + bytesRead;
    const fits = carried.length <= headroomBytes;
    if (fits) carried.copy(memory, headroomBytes - carried.length);
    const block = fits
      ? memory.subarray(headroomBytes - carried.length, end)
      : Buffer.concat([carried, memory.subarray(headroomBytes, end)]);
    if (this.#reusesMemory) this.#spare = this.#used;
    this.#used = memory;
    const available = place.available - bytesRead;
    if (bytesRead > 0 && available > 0) {
      this.#ahead = this.#begin(descriptor, { position: place.position + bytesRead, available });
    }
    return { block, bytesRead };
  }

  /** Resolves when nothing is being read: then a file may be closed. What was read ahead is forgotten. */
  async idle(): Promise<void> {
    this.#ahead = undefined;
    await this.#reading;
  }

  #taken(descriptor: number, { position }: BlockPlace): Reading | undefined {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return ahead?.descriptor === descriptor && ahead.position === position ? ahead : undefined;
  }

  #begin(descriptor: number, place: BlockPlace): Reading {
    const length = Math.min(blockBytes, place.available);
    const memory = this.#memory(headroomBytes + length);
    const done = readAt(descriptor, memory.subarray(headroomBytes, headroomBytes + length), place.position);
    // Whoever leaves does not hear of a failure.
    this.#reading = done.catch(() => {});
    return { ...place, descriptor, memory, done };
  }

  #memory(sizeBytes: number): Buffer {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare !== undefined && spare.length >= sizeBytes ? spare : Buffer.allocUnsafeSlow(sizeBytes);
  }
}

function readAt(descriptor: number, into: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(descriptor, into, 0, into.length, position, (error, bytesRead) => {
      if (error) reject(error);
      else resolve(bytesRead);
    });
  });
}
