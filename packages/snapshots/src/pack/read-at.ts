import { read } from 'node:fs';
import type { Descriptor } from '@gantry/kernel';

/** Reads up to `lengthBytes` on a pool thread, as many as there are: fewer only at the end of the file. */
export async function readAt(file: Descriptor, offset: number, lengthBytes: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(lengthBytes);
  let length = 0;
  while (length < lengthBytes) {
    const bytesRead = await readOnce(file.fd, chunk.subarray(length), offset + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return chunk.subarray(0, length);
}

function readOnce(fd: number, chunk: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, chunk, 0, chunk.length, position, (error, bytesRead) => {
      if (error) reject(error);
      else resolve(bytesRead);
    });
  });
}
