import { type CgroupLayout, cgroupDirectory } from '../layout.ts';
import type { CgroupUsage } from './cgroup-usage.ts';
import { HeldFiles } from './held-files.ts';
import { parseCount, parseLimit, parsePairs, parseV1BlockIo, parseV2BlockIo } from './parse-usage.ts';

/** Reads the usage of one cgroup again and again. It holds descriptors until it is disposed. */
export interface CgroupUsageReader extends Disposable {
  /** Undefined when the cgroup is gone. A dozen small reads of the kernel's memory: no process is waited for. */
  read(): CgroupUsage | undefined;
}

/** A reader for a cgroup, whether it exists or not. */
export function readCgroupUsage(layout: CgroupLayout, cgroupPath: string): CgroupUsageReader {
  if (layout.version === 2) return new V2UsageReader(new HeldFiles(cgroupDirectory(layout, '', cgroupPath)));
  return new V1UsageReader((controller) => new HeldFiles(cgroupDirectory(layout, controller, cgroupPath)));
}

/** Clock ticks of `cpuacct.stat` and /proc/stat: USER_HZ is 100 on every architecture that Node.js runs on. */
const nanosecondsPerTick = 10_000_000;

class V1UsageReader implements CgroupUsageReader {
  readonly #cpuacct: HeldFiles;
  readonly #cpu: HeldFiles;
  readonly #memory: HeldFiles;
  readonly #pids: HeldFiles;
  readonly #blkio: HeldFiles;

  constructor(open: (controller: string) => HeldFiles) {
    this.#cpuacct = open('cpuacct');
    this.#cpu = open('cpu');
    this.#memory = open('memory');
    this.#pids = open('pids');
    this.#blkio = open('blkio');
  }

  read(): CgroupUsage | undefined {
    const perCpu = this.#cpuacct.read('cpuacct.usage_percpu');
    const memory = this.#memory.read('memory.usage_in_bytes');
    if (perCpu === '' && memory === '') return undefined;
    return {
      version: 1,
      cpu: this.#readCpu(perCpu),
      memory: this.#readMemory(memory),
      pids: {
        current: parseCount(this.#pids.read('pids.current')),
        limit: parseLimit(this.#pids.read('pids.max')),
      },
      blockIo: {
        serviceBytes: parseV1BlockIo(this.#blkio.read('blkio.throttle.io_service_bytes_recursive')),
        serviced: parseV1BlockIo(this.#blkio.read('blkio.throttle.io_serviced_recursive')),
      },
    };
  }

  [Symbol.dispose](): void {
    for (const files of [this.#cpuacct, this.#cpu, this.#memory, this.#pids, this.#blkio]) {
      files[Symbol.dispose]();
    }
  }

  #readCpu(perCpu: string): CgroupUsage['cpu'] {
    const perCpuNs = perCpu.trim().split(' ').filter(Boolean).map(Number);
    const ticks = parsePairs(this.#cpuacct.read('cpuacct.stat'));
    const throttling = parsePairs(this.#cpu.read('cpu.stat'));
    return {
      totalNs: perCpuNs.reduce((sum, time) => sum + time, 0),
      userNs: (ticks['user'] ?? 0) * nanosecondsPerTick,
      kernelNs: (ticks['system'] ?? 0) * nanosecondsPerTick,
      perCpuNs,
      periods: throttling['nr_periods'] ?? 0,
      throttledPeriods: throttling['nr_throttled'] ?? 0,
      throttledNs: throttling['throttled_time'] ?? 0,
    };
  }

  #readMemory(usage: string): CgroupUsage['memory'] {
    const stats = parsePairs(this.#memory.read('memory.stat'));
    return {
      usageBytes: parseCount(usage),
      limitBytes: stats['hierarchical_memory_limit'],
      maxUsageBytes: parseCount(this.#memory.read('memory.max_usage_in_bytes')),
      failures: parseCount(this.#memory.read('memory.failcnt')),
      stats,
    };
  }
}

class V2UsageReader implements CgroupUsageReader {
  readonly #files: HeldFiles;

  constructor(files: HeldFiles) {
    this.#files = files;
  }

  read(): CgroupUsage | undefined {
    const files = this.#files;
    const cpu = parsePairs(files.read('cpu.stat'));
    if (cpu['usage_usec'] === undefined) return undefined;
    return {
      version: 2,
      cpu: {
        totalNs: cpu['usage_usec'] * 1000,
        userNs: (cpu['user_usec'] ?? 0) * 1000,
        kernelNs: (cpu['system_usec'] ?? 0) * 1000,
        periods: cpu['nr_periods'] ?? 0,
        throttledPeriods: cpu['nr_throttled'] ?? 0,
        throttledNs: (cpu['throttled_usec'] ?? 0) * 1000,
      },
      memory: {
        usageBytes: parseCount(files.read('memory.current')),
        limitBytes: parseLimit(files.read('memory.max')),
        failures: parsePairs(files.read('memory.events'))['oom'] ?? 0,
        stats: parsePairs(files.read('memory.stat')),
      },
      pids: {
        current: parseCount(files.read('pids.current')),
        limit: parseLimit(files.read('pids.max')),
      },
      blockIo: { serviceBytes: parseV2BlockIo(files.read('io.stat')) },
    };
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]();
  }
}
