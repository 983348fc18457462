import { read } from 'node:fs';
import { promisify } from 'node:util';

const readFile = promisify(read);
const chunkBytes = 256 * 1024;

/**
 * What is in an open file from its offset on. Between two chunks nothing reads, so that the descriptor can be closed whenever the
 * reader stops; it is the caller's.
 */
export async function* fileChunks(fd: number): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const buffer = Buffer.allocUnsafeSlow(chunkBytes);
    const { bytesRead } = await readFile(fd, buffer, 0, chunkBytes, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}
