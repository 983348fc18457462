/** What the processes of a cgroup use and have used. Times are of CPU, in nanoseconds; a controller that is missing leaves zeros. */
export interface CgroupUsage {
  version: 1 | 2;
  cpu: CpuUsage;
  memory: MemoryUsage;
  pids: PidsUsage;
  blockIo: BlockIoUsage;
}

export interface CpuUsage {
  totalNs: number;
  userNs: number;
  kernelNs: number;
  /** v1 only. */
  perCpuNs?: readonly number[];
  periods: number;
  throttledPeriods: number;
  throttledNs: number;
}

export interface MemoryUsage {
  usageBytes: number;
  /** Undefined when there is no limit. */
  limitBytes: number | undefined;
  /** v1 only. */
  maxUsageBytes?: number;
  /** How often the limit stood in the way; v1: `memory.failcnt`, v2: `oom` of `memory.events`. */
  failures: number;
  /** `memory.stat`, by its names. */
  stats: Readonly<Record<string, number>>;
}

export interface PidsUsage {
  current: number;
  limit: number | undefined;
}

export interface BlockIoUsage {
  serviceBytes: readonly BlockIoEntry[];
  /** Operations; v1 only. */
  serviced?: readonly BlockIoEntry[];
}

export interface BlockIoEntry {
  major: number;
  minor: number;
  /** v1: `Read`, `Write`, `Sync`, …, `Total`; v2: `read`, `write`. */
  op: string;
  value: number;
}
