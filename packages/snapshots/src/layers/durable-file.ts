import { closeSync, fsync, openSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const sync = promisify(fsync);

/** Makes names in a directory survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r');
  await handle.sync();
}

/** Makes files and directories that are written already survive a power cut, all at once. */
export async function syncAll(paths: readonly string[]): Promise<void> {
  const descriptors: number[] = [];
  try {
    for (const file of paths) descriptors.push(openSync(file, 'r'));
    const outcomes = await Promise.allSettled(descriptors.map((descriptor) => sync(descriptor)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

/** Writes a file that is either there whole or not at all. The directory is synced too. */
export async function writeDurableFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`;
  {
    await using handle = await open(temporary, 'w', 0o600);
    await handle.writeFile(text);
    await handle.sync();
  }
  await rename(temporary, file);
  await syncDirectory(path.dirname(file));
}
