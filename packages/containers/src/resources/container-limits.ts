import { realpathSync } from 'node:fs';
import type { HostConfig, Resources, ThrottleDevice } from '@gantry/api-types';
import {
  type BlockDeviceRate,
  type CgroupLimits,
  type CgroupSupport,
  isErrno,
  statPath,
} from '@gantry/kernel';
import { InvalidOptionError } from '../errors.ts';

const cpuPeriodUs = 100_000;
/** The kernel takes none below. */
const smallestQuotaUs = 1000;

/**
 * The limits of a container's cgroup, from a HostConfig that was checked and completed. Devices are looked up by path, now.
 * Throws `InvalidOptionError` when one is missing.
 */
export function containerLimits(host: Resources, support: CgroupSupport): CgroupLimits {
  const { NanoCpus: nanoCpus = 0 } = host;
  return withoutZeros({
    memoryBytes: host.Memory,
    memoryReservationBytes: host.MemoryReservation,
    memorySwapBytes: support.swapLimit ? host.MemorySwap : 0,
    kernelMemoryTcpBytes: host.KernelMemoryTCP,
    cpuShares: host.CpuShares,
    cpuQuotaUs: nanoCpus > 0 ? quotaOf(nanoCpus) : host.CpuQuota,
    cpuPeriodUs: nanoCpus > 0 ? cpuPeriodUs : host.CpuPeriod,
    cpuRealtimeRuntimeUs: host.CpuRealtimeRuntime,
    cpuRealtimePeriodUs: host.CpuRealtimePeriod,
    cpusetCpus: host.CpusetCpus,
    cpusetMems: host.CpusetMems,
    pidsLimit: host.PidsLimit ?? 0,
    blockWeight: host.BlkioWeight,
    blockWeightDevices: (host.BlkioWeightDevice ?? []).map(({ Path: path = '', Weight: weight = 0 }) => ({
      ...deviceOf(path),
      weight,
    })),
    blockReadBytesPerSecond: rates(host.BlkioDeviceReadBps),
    blockWriteBytesPerSecond: rates(host.BlkioDeviceWriteBps),
    blockReadsPerSecond: rates(host.BlkioDeviceReadIOps),
    blockWritesPerSecond: rates(host.BlkioDeviceWriteIOps),
    ...(host.OomKillDisable === true && { oomKillDisable: true }),
    ...(typeof host.MemorySwappiness === 'number' && { swappiness: host.MemorySwappiness }),
  });
}

/** Docker's rule for `OomScoreAdj`; throws `InvalidOptionError`. */
export function oomScoreAdjustment({ OomScoreAdj: score = 0 }: HostConfig): number {
  if (Number.isInteger(score) && score >= -1000 && score <= 1000) return score;
  throw new InvalidOptionError(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`, {
    option: 'HostConfig.OomScoreAdj',
  });
}

function quotaOf(nanoCpus: number): number {
  return Math.max(smallestQuotaUs, Math.round((nanoCpus * cpuPeriodUs) / 1e9));
}

function rates(devices: readonly ThrottleDevice[] | null | undefined): BlockDeviceRate[] {
  return (devices ?? []).map(({ Path: path = '', Rate: rate = 0 }) => ({ ...deviceOf(path), rate }));
}

function deviceOf(path: string): { major: number; minor: number } {
  try {
    const { kind, target } = statPath(realpathSync(path));
    if (kind === 'block') return { major: target.major, minor: target.minor };
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new InvalidOptionError(`stat ${path}: no such file or directory`);
  }
  throw new InvalidOptionError(`${path} is not a block device`);
}

/** Zero, empty and missing all mean "not asked for", but for the two that were left out before when they were not. */
function withoutZeros(limits: { [K in keyof CgroupLimits]?: CgroupLimits[K] | undefined }): CgroupLimits {
  const asked = ([name, value]: [string, unknown]): boolean =>
    name === 'swappiness' || !(value === undefined || value === 0 || value === '' || isEmptyList(value));
  return Object.fromEntries(Object.entries(limits).filter(asked)) as CgroupLimits;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
