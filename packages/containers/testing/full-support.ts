import type { CgroupSupport } from '@gantry/kernel';

/** What a kernel says that can limit everything, of two CPUs and one memory node. */
export function fullSupport(): CgroupSupport {
  return {
    version: 1,
    memoryLimit: true,
    swapLimit: true,
    memoryReservation: true,
    swappiness: true,
    oomKillDisable: true,
    cpuShares: true,
    cpuQuota: true,
    cpuRealtime: true,
    kernelMemoryTcp: true,
    cpuset: true,
    cpus: '0-1',
    mems: '0',
    pidsLimit: true,
    blockWeight: true,
    blockWeightDevice: true,
    blockReadBytes: true,
    blockWriteBytes: true,
    blockReads: true,
    blockWrites: true,
  };
}
