import type { HostConfig, Resources } from '@gantry/api-types';
import { InvalidOptionError } from '../errors.ts';
import type { CheckedResources } from './check-resources.ts';

/** The limits of a new container as `inspect` shows them: Docker's defaults under what was asked for and checked. */
export function resourceDefaults({ resources }: CheckedResources): Resources {
  const { Memory: memory = 0, MemorySwap: swap = 0, PidsLimit: pids } = resources;
  return {
    ...zeroValues(),
    ...Object.fromEntries(Object.entries(resources).filter(([, value]) => value !== null)),
    // Memory and swap together: twice the memory unless given, -1 for no limit.
    MemorySwap: swap === 0 ? memory * 2 : Math.max(swap, -1),
    MemorySwappiness: resources.MemorySwappiness,
    PidsLimit: pids === undefined || pids === null || pids <= 0 ? null : pids,
  };
}

/** Bytes of a container's /dev/shm. Throws `InvalidOptionError`. */
export function shmSize({ ShmSize: size = 0 }: HostConfig, defaultBytes: number): number {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new InvalidOptionError('SHM size can not be less than 0', { option: 'HostConfig.ShmSize' });
  }
  return size === 0 ? defaultBytes : size;
}

/** What Docker shows for a limit that was not given. */
function zeroValues(): Resources {
  return {
    Memory: 0,
    MemoryReservation: 0,
    NanoCpus: 0,
    CpuShares: 0,
    CpuPeriod: 0,
    CpuQuota: 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: '',
    CpusetMems: '',
    BlkioWeight: 0,
    BlkioWeightDevice: [],
    BlkioDeviceReadBps: [],
    BlkioDeviceWriteBps: [],
    BlkioDeviceReadIOps: [],
    BlkioDeviceWriteIOps: [],
    OomKillDisable: false,
  };
}
