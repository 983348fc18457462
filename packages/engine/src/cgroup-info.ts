import type { SystemInfo } from '@gantry/api-types';
import type { CgroupSupport } from '@gantry/kernel';
import type { CgroupDriver } from '@gantry/runtime';

/** What `docker info` tells of control groups. */
export function cgroupInfo(driver: CgroupDriver, support: CgroupSupport): SystemInfo {
  return {
    CgroupDriver: driver,
    CgroupVersion: support.version === 2 ? '2' : '1',
    MemoryLimit: support.memoryLimit,
    SwapLimit: support.swapLimit,
    CpuCfsPeriod: support.cpuQuota,
    CpuCfsQuota: support.cpuQuota,
    CPUShares: support.cpuShares,
    CPUSet: support.cpuset,
    PidsLimit: support.pidsLimit,
    OomKillDisable: support.oomKillDisable,
    ...(support.version === 1 && { KernelMemoryTCP: support.kernelMemoryTcp }),
  };
}

/** Docker's warnings for the limits that this machine's kernel cannot set. */
export function cgroupWarnings(support: CgroupSupport): string[] {
  const words: [keyof CgroupSupport, string][] = [
    ['memoryLimit', 'memory limit'],
    ['swapLimit', 'swap limit'],
    // v2 has no word for these; nothing lacks there.
    ...(support.version === 1
      ? ([
          ['kernelMemoryTcp', 'kernel memory TCP limit'],
          ['oomKillDisable', 'oom kill disable'],
        ] as [keyof CgroupSupport, string][])
      : []),
    ['cpuQuota', 'cpu cfs quota'],
    ['cpuQuota', 'cpu cfs period'],
    ['cpuShares', 'cpu shares'],
    ['cpuset', 'cpuset'],
    ['pidsLimit', 'pids limit'],
    ['blockWeight', 'blkio weight'],
    ['blockWeightDevice', 'blkio weight_device'],
    ['blockReadBytes', 'blkio throttle.read_bps_device'],
    ['blockWriteBytes', 'blkio throttle.write_bps_device'],
    ['blockReads', 'blkio throttle.read_iops_device'],
    ['blockWrites', 'blkio throttle.write_iops_device'],
  ];
  return words.filter(([name]) => support[name] === false).map(([, word]) => `WARNING: No ${word} support`);
}
