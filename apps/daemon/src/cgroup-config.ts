import { ConfigError } from './config-error.ts';
import type { OptionValue } from './options.ts';

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

/** `cpu-rt-period` and `cpu-rt-runtime`, in microseconds; 0 is as if they were missing. Throws `ConfigError`. */
export function realtimeOf(
  periodUs: OptionValue = 0,
  runtimeUs: OptionValue = 0,
): { periodUs?: number; runtimeUs?: number } | undefined {
  const period = atLeastNothing('cpu-rt-period', periodUs);
  const runtime = atLeastNothing('cpu-rt-runtime', runtimeUs);
  if (period === 0 && runtime === 0) return undefined;
  return { ...(period > 0 && { periodUs: period }), ...(runtime > 0 && { runtimeUs: runtime }) };
}

function atLeastNothing(key: string, value: OptionValue): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new ConfigError(`${key}: ${String(value)} is not a time in microseconds`);
}
