import { readSync } from 'node:fs';

/** A blob's bytes from its file, with what was read too far put back. */
export interface BlobSource {
  /** Undefined at the end. The chunk stays valid for a few more calls: its buffer is used again. */
  read(): Promise<Uint8Array | undefined>;
  unread(chunk: Uint8Array): void;
}

export interface BlobSourceOptions {
  /** Called with the bytes read so far, before each read. */
  onRead: (consumedBytes: number) => void;
  /** Resolves with how far the file can be read: further than `consumedBytes`, or as far as the blob goes. All of it when missing. */
  readable?: ((consumedBytes: number) => Promise<number>) | undefined;
}

export const blobChunkBytes: number = 256 * 1024;
/** More than are ever in use at once: those a decoder has buffered, and those put back. */
const ringLength = 6;

/** Reads an open file from its position. */
export function blobSource(fd: number, { onRead, readable }: BlobSourceOptions): BlobSource {
  const putBack: Uint8Array[] = [];
  const ring: Buffer[] = [];
  let [consumedBytes, reads] = [0, 0];
  return {
    read: async () => {
      const again = putBack.pop();
      if (again !== undefined) return again;
      onRead(consumedBytes);
      const end = readable === undefined ? Number.POSITIVE_INFINITY : await readable(consumedBytes);
      const chunk = (ring[reads++ % ringLength] ??= Buffer.allocUnsafeSlow(blobChunkBytes));
      const length = readSync(fd, chunk, 0, Math.min(chunk.length, end - consumedBytes), null);
      consumedBytes += length;
      return length === 0 ? undefined : chunk.subarray(0, length);
    },
    unread: (chunk) => {
      if (chunk.length > 0) putBack.push(chunk);
    },
  };
}
