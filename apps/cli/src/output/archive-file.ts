import { createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CommandError } from '../errors.ts';

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

/**
 * Before anything is asked for: the file's directory must be there, and the file be none. `action` says what could not be
 * done (`save image`). Throws `CommandError`.
 */
export function checkOutputPath(file: string, action: string): void {
  const directory = path.dirname(file);
  const invalid = (reason: string): CommandError =>
    new CommandError(1, `failed to ${action}: invalid output path: ${reason}`);
  if (!existsSync(directory)) throw invalid(`stat ${directory}: no such file or directory`);
  if (existsSync(file) && statSync(file).isDirectory()) throw invalid(`"${file}" must be a regular file`);
}
