import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isErrno } from '../ffi/errno.ts';
import { type MountEntry, mountTable } from '../mounts/mount-table.ts';

/** How control groups are mounted on this machine (cgroups(7)). */
export interface CgroupLayout {
  /** `hybrid`: controllers in v1 hierarchies, with a v2 hierarchy beside them. */
  mode: 'v1' | 'hybrid' | 'v2';
  /** Where the controllers are: a hybrid machine counts as 1, as it does for Docker. */
  version: 1 | 2;
  /** Mount point of the v2 hierarchy. */
  unified: string | undefined;
  /** Mount point by v1 controller (`memory`, `name=systemd`); empty with v2. */
  controllers: ReadonlyMap<string, string>;
}

/** Reads the mount table. Throws nothing: a machine without control groups is v1 without controllers. */
export function detectCgroups(table: readonly MountEntry[] = mountTable()): CgroupLayout {
  const controllers = new Map<string, string>();
  for (const entry of table) {
    if (entry.type !== 'cgroup') continue;
    for (const option of entry.superOptions.split(',')) {
      if (!mountWords.has(option) && !controllers.has(option)) controllers.set(option, entry.target);
    }
  }
  const unified = table.find((entry) => entry.type === 'cgroup2')?.target;
  if (controllers.size === 0 && unified !== undefined) {
    return { mode: 'v2', version: 2, unified, controllers };
  }
  return { mode: unified === undefined ? 'v1' : 'hybrid', version: 1, unified, controllers };
}

/**
 * Directory of the cgroup `cgroupPath` (absolute, as an OCI spec's `cgroupsPath`) for a controller: with v2 the same for
 * all. Undefined when the controller is not mounted.
 */
export function cgroupDirectory(
  layout: CgroupLayout,
  controller: string,
  cgroupPath: string,
): string | undefined {
  const mounted = layout.version === 2 ? layout.unified : layout.controllers.get(controller);
  return mounted === undefined ? undefined : path.join(mounted, cgroupPath);
}

/** Directories of a cgroup in every hierarchy. */
export function cgroupDirectories(layout: CgroupLayout, cgroupPath: string): string[] {
  const mounted = new Set(layout.controllers.values());
  if (layout.unified !== undefined) mounted.add(layout.unified);
  return [...mounted].map((directory) => path.join(directory, cgroupPath));
}

/**
 * Cgroup paths of a process by controller (`''` for v2), seen from our cgroup namespace; empty when the process is gone.
 */
export function cgroupsOfProcess(pid: number): Map<string, string> {
  return parseProcessCgroups(readProcessCgroups(pid));
}

/** `/proc/<pid>/cgroup` as it is; empty when the process is gone. */
export function readProcessCgroups(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return '';
    throw error;
  }
}

/** What `readProcessCgroups` reads, as `cgroupsOfProcess` says it. */
export function parseProcessCgroups(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, ...rest] = line.split(':');
    if (controllers === undefined) continue;
    for (const controller of controllers.split(',')) paths.set(controller, rest.join(':'));
  }
  return paths;
}

/** What stands among a v1 mount's options and is no controller. */
const mountWords = new Set([
  'rw',
  'ro',
  'xattr',
  'clone_children',
  'noprefix',
  'nosuid',
  'nodev',
  'noexec',
  '',
]);
