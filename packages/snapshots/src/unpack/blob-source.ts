import { readSync } from 'node:fs';

/** A blob's bytes from its file, with what was read too far put back. */
export interface BlobSource {
  /** Undefined at the end. The chunk stays valid for a few more calls: its buffer is used again. */
  read(): Uint8Array | undefined;
  unread(chunk: Uint8Array): void;
}

export const blobChunkBytes: number = 128 * 1024;
/** More than are ever in use at once: those a decoder has buffered, and those put back. */
const ringLength = 12;

/** Reads an open file from its position. Calls `onRead` with the bytes read so far, before each read. */
export function blobSource(fd: number, onRead: (consumedBytes: number) => void): BlobSource {
  const putBack: Uint8Array[] = [];
  const ring: Buffer[] = [];
  let [consumedBytes, reads] = [0, 0];
  return {
    read: () => {
      const again = putBack.pop();
      if (again !== undefined) return again;
      onRead(consumedBytes);
      const chunk = (ring[reads++ % ringLength] ??= Buffer.allocUnsafeSlow(blobChunkBytes));
      const length = readSync(fd, chunk);
      consumedBytes += length;
      return length === 0 ? undefined : chunk.subarray(0, length);
    },
    unread: (chunk) => {
      if (chunk.length > 0) putBack.push(chunk);
    },
  };
}
