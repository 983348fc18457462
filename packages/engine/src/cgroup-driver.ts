import { existsSync } from 'node:fs';
import type { CgroupSupport, RealtimeShare } from '@gantry/kernel';
import type { CgroupDriver } from '@gantry/runtime';
import { CgroupDriverError } from './errors.ts';

/** Where containers' cgroups are made when nobody says. */
export const defaultCgroupParent: Readonly<Record<CgroupDriver, string>> = {
  cgroupfs: '/gantry',
  systemd: 'system.slice',
};

/**
 * The driver to use: cgroupfs unless systemd is asked for (`native.cgroupdriver=systemd`). Throws `CgroupDriverError` for
 * another name, and for systemd where it is not the machine's init (sd_booted(3)).
 */
export function chosenCgroupDriver(
  wanted: string | undefined,
  systemdFolder: string = '/run/systemd/system',
): CgroupDriver {
  if (wanted === undefined || wanted === '' || wanted === 'cgroupfs') return 'cgroupfs';
  if (wanted !== 'systemd') {
    throw new CgroupDriverError(
      `native.cgroupdriver option ${wanted} not supported: use cgroupfs or systemd`,
    );
  }
  if (!existsSync(systemdFolder)) {
    throw new CgroupDriverError(
      'native.cgroupdriver=systemd: this machine was not booted with systemd; use native.cgroupdriver=cgroupfs',
    );
  }
  return 'systemd';
}

/** The share, where the kernel has real-time groups. Throws `CgroupDriverError` in Docker's words where it has none. */
export function checkedRealtime(
  share: RealtimeShare | undefined,
  support: CgroupSupport,
): RealtimeShare | undefined {
  if (share === undefined || support.cpuRealtime) return share;
  const why = support.version === 2 ? 'implemented for cgroup v2' : 'supported by the kernel';
  throw new CgroupDriverError(`daemon-scoped cpu-rt-period and cpu-rt-runtime are not ${why}`);
}
