import path from 'node:path';
import type { StartRecord } from '../lifecycle/start-record.ts';
import type { RuntimeContext } from '../runtime-context.ts';

/** Who makes cgroups: the OCI runtime by itself, or systemd at its asking. */
export type CgroupDriver = 'cgroupfs' | 'systemd';

/** Name of our scopes before the container's id. */
const scopePrefix = 'gantry';

/**
 * The OCI spec's `cgroupsPath` of a container: a path, or `slice:prefix:id` for systemd. `parent` is a path (`..` does
 * not leave the hierarchy's root), or the name of a slice.
 */
export function cgroupsPathOf(driver: CgroupDriver, parent: string, containerId: string): string {
  return driver === 'systemd'
    ? `${parent}:${scopePrefix}:${containerId}`
    : path.posix.join('/', parent, containerId);
}

/** Where in the hierarchies the cgroup of a `cgroupsPath` is. */
export function cgroupPathOf(driver: CgroupDriver, cgroupsPath: string): string {
  if (driver === 'cgroupfs') return path.posix.join('/', cgroupsPath);
  const [slice = '', prefix = '', name = ''] = cgroupsPath.split(':');
  return path.posix.join(slicePath(slice), `${prefix}-${name}.scope`);
}

/** Where in the hierarchies the cgroups of containers with this parent are. */
export function cgroupParentPath(driver: CgroupDriver, parent: string): string {
  return path.posix.dirname(cgroupPathOf(driver, cgroupsPathOf(driver, parent, 'container')));
}

/**
 * Name of the cgroup below the container's that its processes are in on v2: limits and usage are read there, and the
 * outer one's `memory.events` stay when the OCI runtime has removed it.
 */
export const innerCgroup = 'init';

/** The cgroup that has the limits and the processes. runc makes no inner one below a scope of systemd's. */
export function innerCgroupPath(
  { cgroups, cgroupDriver, program }: Pick<RuntimeContext, 'cgroups' | 'cgroupDriver' | 'program'>,
  { cgroupPath }: StartRecord,
): string {
  const isScope = cgroupDriver === 'systemd' && program.name === 'runc';
  return cgroups.version === 1 || isScope ? cgroupPath : path.posix.join(cgroupPath, innerCgroup);
}

/** `a-b.slice` lies in `a.slice` (systemd.slice(5)); `-.slice` is the root. */
function slicePath(slice: string): string {
  const name = slice.replace(/\.slice$/, '');
  if (name === '-' || name === '') return '/';
  const words = name.split('-');
  const folders = words.map((_, index) => `${words.slice(0, index + 1).join('-')}.slice`);
  return path.posix.join('/', ...folders);
}
