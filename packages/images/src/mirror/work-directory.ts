import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';

const prefix = 'gantry-mirror-';

export interface WorkDirectory extends AsyncDisposable {
  readonly path: string;
}

/**
 * A directory for a download or a root file system in the making. Others can look into it (apt downloads as a user of
 * its own; everything in it is public), and only root can change it. Its name says which process made it.
 */
export async function makeWorkDirectory(parent: string): Promise<WorkDirectory> {
  const started = await startTime(process.pid);
  const directory = await mkdtemp(path.join(parent, `${prefix}${process.pid}-${started}-`));
  await chmod(directory, 0o755);
  return { path: directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}

/** Removes the directories of engines that are gone. Returns what was removed. */
export async function removeStaleWorkDirectories(parent: string): Promise<string[]> {
  const names: string[] = await readdir(parent).catch(() => []);
  const removed: string[] = [];
  for (const name of names) {
    const match = /^gantry-mirror-(\d+)-(\d+)-/.exec(name);
    if (!match || (await startTime(Number(match[1]))) === match[2]) continue;
    await rm(path.join(parent, name), { recursive: true, force: true });
    removed.push(name);
  }
  return removed;
}

/** In clock ticks after boot (proc_pid_stat(5), field 22); empty when there is no such process. */
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
