import { readSync } from 'node:fs';
import { type Descriptor, dataExtents, type Extent } from '@gantry/kernel';
import { readAt } from './read-at.ts';

/** The bytes of a regular file that is packed; whoever opened it disposes. */
export interface PackedContent extends Disposable {
  /** Fills `into` from the beginning of the file. Returns how many bytes there were: fewer only where the file is shorter. */
  readSync(into: Uint8Array): number;
  /** The same from any place, on a pool thread. */
  read(offset: number, lengthBytes: number): Promise<Buffer>;
  /** Runs of the first `sizeBytes` that may hold anything but zeros, in order. */
  extents(sizeBytes: number): Iterable<Extent>;
}

/** A file of the host. */
export class FileContent implements PackedContent {
  readonly #file: Descriptor;

  /** Takes `file` over, open for reading. */
  constructor(file: Descriptor) {
    this.#file = file;
  }

  readSync(into: Uint8Array): number {
    return readSync(this.#file.fd, into, 0, into.length, 0);
  }

  read(offset: number, lengthBytes: number): Promise<Buffer> {
    return readAt(this.#file, offset, lengthBytes);
  }

  extents(sizeBytes: number): Iterable<Extent> {
    return dataExtents(this.#file, sizeBytes);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
