import { createWriteStream, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Writes an archive to a file of the user's, which appears only when it is whole. */
export async function writeArchiveFile(file: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
  const partial = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.partial`);
  try {
    await pipeline(archive, createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true }));
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}
