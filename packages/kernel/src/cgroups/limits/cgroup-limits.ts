/**
 * What a cgroup's processes may use together. A missing field leaves the kernel's value; -1 takes a limit away where it
 * says so. Named after what they mean: how each is written differs between v1 and v2.
 */
export interface CgroupLimits {
  /** -1 for none. */
  memoryBytes?: number;
  /** What the kernel tries to leave under pressure; -1 for none. */
  memoryReservationBytes?: number;
  /** Memory and swap together, as v1 counts them; -1 for no limit. */
  memorySwapBytes?: number;
  /** 0–100; v1 only. */
  swappiness?: number;
  /** Processes wait for memory instead of being killed; v1 only. */
  oomKillDisable?: boolean;
  /** Memory of TCP buffers; v1 only. */
  kernelMemoryTcpBytes?: number;
  /** 2–262144, 1024 by default. */
  cpuShares?: number;
  /** CPU time in each period; -1 for no limit. */
  cpuQuotaUs?: number;
  cpuPeriodUs?: number;
  /** v1 only. */
  cpuRealtimeRuntimeUs?: number;
  cpuRealtimePeriodUs?: number;
  /** `0-2,7` */
  cpusetCpus?: string;
  cpusetMems?: string;
  /** -1 for none. */
  pidsLimit?: number;
  /** 10–1000. */
  blockWeight?: number;
  blockWeightDevices?: readonly BlockDeviceWeight[];
  blockReadBytesPerSecond?: readonly BlockDeviceRate[];
  blockWriteBytesPerSecond?: readonly BlockDeviceRate[];
  blockReadsPerSecond?: readonly BlockDeviceRate[];
  blockWritesPerSecond?: readonly BlockDeviceRate[];
}

export interface BlockDeviceWeight {
  major: number;
  minor: number;
  /** 10–1000. */
  weight: number;
}

export interface BlockDeviceRate {
  major: number;
  minor: number;
  /** 0 for no limit. */
  rate: number;
}

/** One file of a cgroup and what is written into it. */
export interface LimitWrite {
  /** v1: which hierarchy. */
  controller: string;
  file: string;
  value: string;
  /** Written when the kernel does not have `file`. */
  orElse?: { file: string; value: string };
}
