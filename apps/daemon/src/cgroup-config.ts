import { ConfigError } from './config-error.ts';

export type CgroupDriverName = 'cgroupfs' | 'systemd';

/** Where containers' cgroups are made when nobody says. */
const defaultParents: Readonly<Record<CgroupDriverName, string>> = {
  cgroupfs: '/gantry',
  systemd: 'system.slice',
};

/** Reads `exec-opts`, dockerd's `native.cgroupdriver=…`; the last one wins. Throws `ConfigError` for any other. */
export function cgroupDriverOf(options: readonly string[]): CgroupDriverName {
  let driver: CgroupDriverName = 'cgroupfs';
  for (const option of options) {
    const [, key = option, value = ''] = /^([^=]*)=(.*)$/.exec(option) ?? [];
    if (key.toLowerCase() !== 'native.cgroupdriver')
      throw new ConfigError(`exec-opts: unknown option '${option}'`);
    if (value !== 'cgroupfs' && value !== 'systemd') {
      throw new ConfigError(`exec-opts: native.cgroupdriver '${value}' is neither cgroupfs nor systemd`);
    }
    driver = value;
  }
  return driver;
}

/**
 * The parent of containers' cgroups: a path of plain components, for it becomes part of paths below /sys/fs/cgroup; with
 * systemd the name of a slice. The driver's own default when missing. Throws `ConfigError`.
 */
export function cgroupParentOf(parent: string | undefined, driver: CgroupDriverName): string {
  if (parent === undefined) return defaultParents[driver];
  if (driver === 'systemd') {
    if (/^[^/:\s]+\.slice$/.test(parent)) return parent;
    throw new ConfigError(
      `cgroup-parent: '${parent}' is not the name of a slice, as the systemd driver needs`,
    );
  }
  if (/^(\/[a-zA-Z0-9_][a-zA-Z0-9_.-]*)+$/.test(parent)) return parent;
  throw new ConfigError(`cgroup-parent: '${parent}' is not the absolute path of a cgroup`);
}
