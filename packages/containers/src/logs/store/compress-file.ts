import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';

const blockBytes = 256 * 1024;

/**
 * Puts `<path>.gz` in the place of `path`, on threads. The compressed file is whole and on the disk before the plain one
 * goes; a crash leaves both, or a `.tmp`. Readers that have the plain file open keep it.
 */
export async function compressFile(path: string): Promise<void> {
  const temporary = `${path}.gz.tmp`;
  try {
    await pipeline(
      createReadStream(path, { highWaterMark: blockBytes }),
      // Output comes at hundreds of megabytes a second; the fastest level takes most of the repetition out of a log.
      createGzip({ level: constants.Z_BEST_SPEED, chunkSize: blockBytes }),
      createWriteStream(temporary, { mode: 0o640, flush: true }),
    );
    await rename(temporary, `${path}.gz`);
    await rm(path, { force: true });
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
