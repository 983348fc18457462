import type { CgroupDriver } from '@gantry/runtime';
import { InvalidOptionError } from '../../errors.ts';

/** Checks `--cgroup-parent`: a path, or the name of a slice where systemd makes the cgroups. Throws `InvalidOptionError`. */
export function checkCgroupParent(parent: string, driver: CgroupDriver): void {
  if (parent === '') return;
  const refuse = (message: string): never => {
    throw new InvalidOptionError(message, { option: 'HostConfig.CgroupParent' });
  };
  if (driver === 'systemd' && !/^[^/:]+\.slice$/.test(parent)) {
    refuse('cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice"');
  }
  const isPlain = parent.split('/').every((word) => word.length <= 255 && !/^\.\.?$|[\0\n:]/.test(word));
  if (!isPlain || parent.length > 4096) refuse(`invalid cgroup-parent ${JSON.stringify(parent)}`);
}
