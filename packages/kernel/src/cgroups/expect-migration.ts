import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type CgroupLayout, cgroupDirectory, cgroupsOfProcess } from './layout.ts';

/**
 * Has the kernel prepare for a process that is about to be put into a cgroup. The first migration after a pause waits for a
 * grace period of all processors (the lock `cgroup_threadgroup_rwsem`): 6 ms on an idle machine of two, 20 on a busy one; those
 * within the next ten do not (measured on Linux 6.18). Our own pid, written into the cgroup that we are in, changes nothing
 * and waits on a pool thread, beside whatever else a start has to do. Never rejects: without it the migration waits itself.
 */
export async function expectMigration(layout: CgroupLayout): Promise<void> {
  const controller = layout.version === 2 ? '' : 'pids';
  const ours = cgroupsOfProcess(process.pid).get(controller);
  const directory = ours === undefined ? undefined : cgroupDirectory(layout, controller, ours);
  if (directory === undefined) return;
  await writeFile(path.join(directory, 'cgroup.procs'), String(process.pid), { flag: 'r+' }).catch(() => {});
}
