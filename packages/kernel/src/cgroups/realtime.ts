import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type CgroupLayout, cgroupDirectory } from './layout.ts';

/** CPU time for real-time processes (sched(7)) of a cgroup and all below it. */
export interface RealtimeShare {
  /** Missing: as the kernel has it, a second. */
  periodUs?: number;
  /** In each period. Missing: as it is; of a cgroup that was just made, none. */
  runtimeUs?: number;
}

/**
 * Gives the cgroup, and each above it, the share: a cgroup can have no more than the one above it (cgroups v1 with
 * CONFIG_RT_GROUP_SCHED). Makes those that are missing. Throws a `KernelError` or Node's error when the kernel refuses the
 * numbers. Nothing where the `cpu` controller is not mounted as v1.
 */
export function grantRealtime(layout: CgroupLayout, cgroupPath: string, share: RealtimeShare): void {
  const root = layout.version === 1 ? cgroupDirectory(layout, 'cpu', '/') : undefined;
  if (root === undefined) return;
  let directory = root;
  for (const name of cgroupPath.split('/').filter((part) => part !== '')) {
    directory = path.join(directory, name);
    mkdirSync(directory, { recursive: true });
    // A runtime longer than the period is refused, whichever is first.
    if (share.periodUs !== undefined) write(directory, 'cpu.rt_period_us', share.periodUs);
    if (share.runtimeUs !== undefined) write(directory, 'cpu.rt_runtime_us', share.runtimeUs);
  }
}

function write(directory: string, file: string, value: number): void {
  writeFileSync(path.join(directory, file), String(value), { flag: 'r+' });
}
