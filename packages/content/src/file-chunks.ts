import type { FileHandle } from 'node:fs/promises';
import { freeChunk } from '@gantry/base';
import { beginWriteBack } from '@gantry/kernel';

/** Fewer, larger calls: 1 MB moves a third more bytes a second than 64 kB through libuv's pool. */
const pieceBytes: number = 1 << 20;
const firstPieceBytes: number = 64 << 10;
/** So much is on its way to the medium while the next is written: who syncs the file then waits for little. */
const writeBackBytes: number = 8 << 20;

export interface ChunkWriterOptions {
  /** What is expected in all, so that small files take small buffers. */
  capacityBytes?: number | undefined;
  /** Where it begins in the file; 0 when missing. */
  offset?: number;
  /** Told where in the file it is, when all before that is written. */
  onWritten?: ((offset: number) => void) | undefined;
}

/** Writes what it is given in pieces of 1 MB, filling one while the other is on its way. */
export class ChunkWriter {
  readonly #file: FileHandle;
  readonly #capacity: number;
  readonly #onWritten: ((offset: number) => void) | undefined;
  #filling: Buffer;
  #spare: Buffer | undefined;
  #fill = 0;
  #offset: number;
  #writing: Promise<void> = Promise.resolve();
  #writtenBack: number;
  #writingBack: Promise<void> = Promise.resolve();

  constructor(file: FileHandle, options: ChunkWriterOptions = {}) {
    const { capacityBytes = pieceBytes, offset = 0, onWritten } = options;
    this.#file = file;
    this.#onWritten = onWritten;
    this.#offset = offset;
    this.#writtenBack = offset;
    this.#capacity = Math.max(1, Math.min(pieceBytes, capacityBytes));
    this.#filling = Buffer.allocUnsafeSlow(this.#capacity);
  }

  /** Takes a copy of `chunk`. Throws what an earlier write failed with. */
  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(this.#capacity - this.#fill, chunk.length - at);
      this.#filling.set(chunk.subarray(at, at + taken), this.#fill);
      this.#fill += taken;
      at += taken;
      if (this.#fill === this.#capacity) await this.#flush();
    }
  }

  /** Resolves when all is written (not yet synced). The last call. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#writing;
    await this.#writingBack;
    for (const buffer of [this.#filling, this.#spare]) if (buffer !== undefined) freeChunk(buffer);
  }

  /** Resolves when no write is under way any more, whatever became of it. */
  async settle(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#writingBack;
  }

  async #flush(): Promise<void> {
    await this.#writing;
    if (this.#offset - this.#writtenBack >= writeBackBytes) await this.#writeBack();
    const full = this.#filling;
    const length = this.#fill;
    this.#writing = this.#writeFully(full.subarray(0, length), this.#offset);
    // A failure is thrown by the next call; it must not count as unhandled until then.
    this.#writing.catch(() => {});
    this.#offset += length;
    this.#filling = this.#spare ?? Buffer.allocUnsafeSlow(this.#capacity);
    this.#spare = full;
    this.#fill = 0;
  }

  async #writeFully(bytes: Buffer, offset: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, offset + at);
      at += bytesWritten;
    }
    if (bytes.length > 0) this.#onWritten?.(offset + bytes.length);
  }

  /** One at a time, so that a slow medium slows the writer down, not the whole host when all is to be synced. */
  async #writeBack(): Promise<void> {
    await this.#writingBack;
    this.#writingBack = beginWriteBack(this.#file.fd, this.#writtenBack, this.#offset - this.#writtenBack);
    this.#writtenBack = this.#offset;
  }
}

/**
 * Reads from `offset` to the end in fresh pieces of at most 1 MB, the next one while the consumer has the last. The first is small
 * and comes alone: many want to see no more. The pieces are the consumer's, who may free them.
 */
export async function* readChunks(file: FileHandle, offset: number): AsyncGenerator<Uint8Array, void, void> {
  const { size } = await file.stat();
  const pieces = Math.max(4096, Math.min(pieceBytes, size - offset));
  const first = await readPiece(file, offset, Math.min(firstPieceBytes, pieces));
  if (first.length === 0) return;
  // Whoever has a chunk may free it.
  let at = offset + first.length;
  yield first;
  let next = readPiece(file, at, pieces);
  try {
    for (;;) {
      const piece = await next;
      if (piece.length === 0) return;
      at += piece.length;
      next = readPiece(file, at, pieces);
      next.catch(() => {});
      yield piece;
    }
  } finally {
    // The file must not be closed under a read.
    await next.catch(() => {});
  }
}

async function readPiece(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length);
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  return buffer.subarray(0, bytesRead);
}
