import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isErrno } from '../ffi/errno.ts';
import { type CgroupLayout, cgroupDirectory } from './layout.ts';

/** Which limits this machine's kernel can set. */
export interface CgroupSupport {
  version: 1 | 2;
  memoryLimit: boolean;
  swapLimit: boolean;
  memoryReservation: boolean;
  swappiness: boolean;
  oomKillDisable: boolean;
  /** Memory of TCP buffers. */
  kernelMemoryTcp: boolean;
  cpuShares: boolean;
  cpuQuota: boolean;
  cpuRealtime: boolean;
  cpuset: boolean;
  /** CPUs and memory nodes that may be asked for, as `0-3,5`; empty without cpuset. */
  cpus: string;
  mems: string;
  pidsLimit: boolean;
  blockWeight: boolean;
  blockWeightDevice: boolean;
  /** By kind, for they came with different kernels. */
  blockReadBytes: boolean;
  blockWriteBytes: boolean;
  blockReads: boolean;
  blockWrites: boolean;
}

/** Looks at the hierarchies' roots, as Docker does; what only a cgroup below has (`blkio.bfq.weight`) does not count. */
export function readCgroupSupport(layout: CgroupLayout): CgroupSupport {
  return layout.version === 2 ? v2Support(layout) : v1Support(layout);
}

function v1Support(layout: CgroupLayout): CgroupSupport {
  const has = (controller: string, file: string): boolean => {
    const found = cgroupDirectory(layout, controller, file);
    return found !== undefined && existsSync(found);
  };
  const throttles = (kind: string): boolean => has('blkio', `blkio.throttle.${kind}_device`);
  return {
    version: 1,
    memoryLimit: layout.controllers.has('memory'),
    swapLimit: has('memory', 'memory.memsw.limit_in_bytes'),
    memoryReservation: has('memory', 'memory.soft_limit_in_bytes'),
    swappiness: has('memory', 'memory.swappiness'),
    oomKillDisable: has('memory', 'memory.oom_control'),
    kernelMemoryTcp: has('memory', 'memory.kmem.tcp.limit_in_bytes'),
    cpuShares: has('cpu', 'cpu.shares'),
    cpuQuota: has('cpu', 'cpu.cfs_quota_us'),
    cpuRealtime: has('cpu', 'cpu.rt_period_us'),
    cpuset: layout.controllers.has('cpuset'),
    cpus: lineOf(cgroupDirectory(layout, 'cpuset', 'cpuset.cpus')),
    mems: lineOf(cgroupDirectory(layout, 'cpuset', 'cpuset.mems')),
    pidsLimit: layout.controllers.has('pids'),
    blockWeight: has('blkio', 'blkio.weight'),
    blockWeightDevice: has('blkio', 'blkio.weight_device'),
    blockReadBytes: throttles('read_bps'),
    blockWriteBytes: throttles('write_bps'),
    blockReads: throttles('read_iops'),
    blockWrites: throttles('write_iops'),
  };
}

function v2Support({ unified = '/sys/fs/cgroup' }: CgroupLayout): CgroupSupport {
  const controllers = new Set(lineOf(path.join(unified, 'cgroup.controllers')).split(' '));
  const [memory, cpu, cpuset, io] = ['memory', 'cpu', 'cpuset', 'io'].map((name) =>
    controllers.has(name),
  ) as [boolean, boolean, boolean, boolean];
  return {
    version: 2,
    memoryLimit: memory,
    swapLimit: memory && swapIsCounted(unified),
    memoryReservation: memory,
    swappiness: false,
    oomKillDisable: false,
    kernelMemoryTcp: false,
    cpuShares: cpu,
    cpuQuota: cpu,
    cpuRealtime: false,
    cpuset,
    cpus: lineOf(path.join(unified, 'cpuset.cpus.effective')),
    mems: lineOf(path.join(unified, 'cpuset.mems.effective')),
    pidsLimit: controllers.has('pids'),
    blockWeight: io,
    blockWeightDevice: io,
    blockReadBytes: io,
    blockWriteBytes: io,
    blockReads: io,
    blockWrites: io,
  };
}

/** `swapaccount=0` takes memory.swap.max away from every cgroup but the root, which never has it: ask our own. */
function swapIsCounted(unified: string): boolean {
  const own = /^0::(.*)$/m.exec(readOrEmpty('/proc/self/cgroup'))?.[1] ?? '/';
  return own === '/' || existsSync(path.join(unified, own, 'memory.swap.max'));
}

function lineOf(file: string | undefined): string {
  return file === undefined ? '' : readOrEmpty(file).trim();
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV')) return '';
    throw error;
  }
}
