import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { mountPoints } from './leaks/mount-table.ts';

/** A directory of the test's own. */
export interface TemporaryRoot extends AsyncDisposable {
  readonly path: string;
}

/**
 * Makes a private directory (mode 0700) under the system's temporary directory, on a real disk where that is one.
 * Disposing removes it. What is still mounted in it then is unmounted first, so that nothing is removed through a
 * mount, and told by an error: a test that leaves mounts behind has failed.
 */
export async function temporaryRoot(label = 'test'): Promise<TemporaryRoot> {
  const directory = await mkdtemp(path.join(tmpdir(), `gantry-${label}-`));
  return { path: directory, [Symbol.asyncDispose]: () => removeRoot(directory) };
}

async function removeRoot(directory: string): Promise<void> {
  const left = await mountsIn(directory);
  for (const point of left.toReversed()) {
    await promisify(execFile)('umount', ['--lazy', '--', point]);
  }
  const stubborn = await mountsIn(directory);
  if (stubborn.length > 0) throw new Error(`cannot unmount ${stubborn.join(', ')}`);
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  if (left.length > 0) throw new Error(`still mounted at the end of the test: ${left.join(', ')}`);
}

async function mountsIn(directory: string): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  return mountPoints(table).filter((point) => point === directory || point.startsWith(`${directory}/`));
}
