import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isErrno } from '../ffi/errno.ts';
import { mountFlags } from '../mounts/flags.ts';
import { mount } from '../mounts/mount.ts';
import { type CgroupLayout, detectCgroups } from './layout.ts';

/**
 * Controllers that a hybrid machine still leaves to its v2 hierarchy. crun refuses to start anything there ("drop all
 * controllers from cgroupv2"); `prepareHybrid` is the remedy. Empty when all is well, and with plain v1 or v2.
 */
export function hybridProblem(layout: CgroupLayout = detectCgroups()): string[] {
  if (layout.mode !== 'hybrid' || layout.unified === undefined) return [];
  const text = readFileSync(path.join(layout.unified, 'cgroup.controllers'), 'utf8').trim();
  return text === '' ? [] : text.split(' ');
}

/**
 * Mounts each controller that `hybridProblem` names as a v1 hierarchy beside the others (`/sys/fs/cgroup/<name>`), for
 * the whole machine and until it reboots. Returns their names. Idempotent. Throws `KernelError` EBUSY when the
 * v2 hierarchy uses a controller.
 */
export function prepareHybrid(layout: CgroupLayout = detectCgroups()): string[] {
  const left = hybridProblem(layout);
  const beside = path.dirname(layout.unified ?? '');
  for (const controller of left) {
    const target = path.join(beside, controller);
    try {
      mkdirSync(target);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    const flags = mountFlags.noSuid | mountFlags.noDevices | mountFlags.noExec;
    mount({ source: 'cgroup', target, type: 'cgroup', flags, data: controller });
  }
  return left;
}
