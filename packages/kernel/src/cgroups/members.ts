import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '@gantry/base';
import { isErrno } from '../ffi/errno.ts';
import { type CgroupLayout, cgroupDirectories, cgroupDirectory } from './layout.ts';

/** Pids, as we see them, of all processes in a cgroup and in those below it; empty when there is no such cgroup. */
export function cgroupProcessIds(layout: CgroupLayout, cgroupPath: string): number[] {
  const directory = cgroupDirectory(layout, 'pids', cgroupPath) ?? cgroupDirectories(layout, cgroupPath)[0];
  return directory === undefined ? [] : processIdsBelow(directory);
}

/**
 * Removes a cgroup and those below it from every hierarchy. Idempotent. Throws EBUSY while processes are in it.
 */
export function removeCgroup(layout: CgroupLayout, cgroupPath: string): void {
  for (const directory of cgroupDirectories(layout, cgroupPath)) removeTree(directory);
}

/**
 * `removeCgroup` for one whose processes are all dead: each leaves it a moment after it was reaped, which is waited for,
 * ten seconds at most.
 */
export async function removeEmptiedCgroup(
  layout: CgroupLayout,
  cgroupPath: string,
  clock: Clock,
): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += stepMs) {
    try {
      removeCgroup(layout, cgroupPath);
      return;
    } catch (error) {
      if (!isErrno(error, 'EBUSY', 'ENOTEMPTY') || waitedMs >= longestWaitMs) throw error;
      await clock.sleep(stepMs);
    }
  }
}

const stepMs = 2;
const longestWaitMs = 10_000;

function processIdsBelow(directory: string): number[] {
  const gone = (error: unknown): boolean => isErrno(error, 'ENOENT', 'ENODEV');
  try {
    const own = readFileSync(path.join(directory, 'cgroup.procs'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(Number);
    return [...own, ...folders(directory).flatMap(processIdsBelow)];
  } catch (error) {
    if (gone(error)) return [];
    throw error;
  }
}

function removeTree(directory: string): void {
  try {
    rmdirSync(directory);
    return;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    if (!isErrno(error, 'EBUSY', 'ENOTEMPTY')) throw error;
  }
  for (const folder of folders(directory)) removeTree(folder);
  rmdirSync(directory);
}

function folders(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(directory, entry.name));
}
