import { existsSync } from 'node:fs';
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
