/** Enough for one call of the kernel to pay; what two of them take is what a slow client costs. */
export const pieceBytes: number = 512 * 1024;

const maxKept = 32;

/** Buffers to read files into, used again: fresh ones would cost the kernel a page fault for every 4 KB. */
export class BufferPool {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
  }

  giveBack(buffer: Buffer): void {
    if (this.#free.length < maxKept) this.#free.push(buffer);
  }
}
