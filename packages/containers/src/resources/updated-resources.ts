import type { HostConfig, Resources } from '@gantry/api-types';
import { ContainerStateError, InvalidOptionError } from '../errors.ts';

/** What `update` changes, by field; the others are fixed when a container is made. */
const changeable = [
  'Memory',
  'MemorySwap',
  'MemoryReservation',
  'MemorySwappiness',
  'OomKillDisable',
  'NanoCpus',
  'CpuShares',
  'CpuPeriod',
  'CpuQuota',
  'CpuRealtimePeriod',
  'CpuRealtimeRuntime',
  'CpusetCpus',
  'CpusetMems',
  'PidsLimit',
  'BlkioWeight',
  'BlkioWeightDevice',
  'BlkioDeviceReadBps',
  'BlkioDeviceWriteBps',
  'BlkioDeviceReadIOps',
  'BlkioDeviceWriteIOps',
] as const;

export type Changes = Pick<Resources, (typeof changeable)[number]>;

/**
 * The fields of an update that ask for something: zero and empty mean "as it is", but for `PidsLimit`, where any number
 * that is not positive means "no limit". Throws `InvalidOptionError` for a field that cannot be changed.
 */
export function requestedChanges(wanted: Resources): Changes {
  const changes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(wanted)) {
    if (isNothing(name, value)) continue;
    if (!(changeable as readonly string[]).includes(name)) {
      throw new InvalidOptionError(`${name} cannot be updated`, { option: name });
    }
    changes[name] = name === 'PidsLimit' ? Math.max(Number(value), 0) : value;
  }
  return changes;
}

/** Docker's rules between what a container has and what it is to get. Throws with Docker's words. */
export function checkAgainst(containerId: string, host: HostConfig, changes: Changes): void {
  const { NanoCpus: nanoCpus = 0, CpuPeriod: period = 0, CpuQuota: quota = 0, Memory: memory = 0 } = changes;
  const conflict = (change: string, present: string): never => {
    const message = `Conflicting options: ${change} cannot be updated as ${present} has already been set`;
    throw new ContainerStateError(containerId, `${cannotUpdate(containerId)}: ${message}`);
  };
  if (nanoCpus > 0 && (host.CpuPeriod ?? 0) > 0) conflict('Nano CPUs', 'CPU Period');
  if (nanoCpus > 0 && (host.CpuQuota ?? 0) > 0) conflict('Nano CPUs', 'CPU Quota');
  if (quota > 0 && (host.NanoCpus ?? 0) > 0) conflict('CPU Quota', 'NanoCPUs');
  if (period > 0 && (host.NanoCpus ?? 0) > 0) conflict('CPU Period', 'NanoCPUs');
  const { MemorySwap: swap = 0 } = host;
  if (swap > 0 && memory > swap && (changes.MemorySwap ?? 0) === 0) {
    const remedy = 'update the memoryswap at the same time';
    const message = `Memory limit should be smaller than already set memoryswap limit, ${remedy}`;
    throw new InvalidOptionError(`${cannotUpdate(containerId)}: ${message}`, { option: 'Memory' });
  }
}

/** The HostConfig after the changes. */
export function changedHostConfig(host: HostConfig, changes: Changes): HostConfig {
  const { PidsLimit: pids, ...rest } = changes;
  return {
    ...host,
    ...rest,
    ...(pids !== undefined && { PidsLimit: pids === null || pids <= 0 ? null : pids }),
  };
}

/**
 * What the kernel is told of the changes, in the words of a HostConfig. Memory goes with swap and a quota with its period:
 * the kernel judges them together.
 */
export function resourcesToWrite(changed: HostConfig, changes: Changes): Resources {
  const pair = (a: keyof Changes, b: keyof Changes): Resources =>
    changes[a] === undefined && changes[b] === undefined ? {} : { [a]: changed[a], [b]: changed[b] };
  const { PidsLimit: pids } = changes;
  return {
    ...changes,
    ...pair('Memory', 'MemorySwap'),
    ...pair('CpuQuota', 'CpuPeriod'),
    ...(pids !== undefined && { PidsLimit: pids === null || pids <= 0 ? -1 : pids }),
  };
}

/** Begins the message of an update that failed, as Docker has it. */
export function cannotUpdate(containerId: string): string {
  return `Cannot update container ${containerId}`;
}

function isNothing(name: string, value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true;
  if (name === 'PidsLimit') return false;
  if (name === 'MemorySwappiness') return value === -1;
  return value === 0 || (Array.isArray(value) && value.length === 0);
}
