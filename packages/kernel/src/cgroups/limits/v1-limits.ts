import type { BlockDeviceRate, CgroupLimits, LimitWrite } from './cgroup-limits.ts';

/**
 * The writes of limits on a v1 cgroup, in order (cgroup-v1/memory.rst, sched-bwc.rst, blkio-controller.rst). The kernel
 * refuses a limit on memory above the one on memory and swap, at every moment: `swapNowBytes`, the present value of the
 * latter, decides which goes first.
 */
export function v1LimitWrites(limits: CgroupLimits, swapNowBytes: number): LimitWrite[] {
  return [
    ...memoryWrites(limits, swapNowBytes),
    ...cpuWrites(limits),
    ...written('cpuset', 'cpuset.cpus', limits.cpusetCpus),
    ...written('cpuset', 'cpuset.mems', limits.cpusetMems),
    ...written('pids', 'pids.max', limits.pidsLimit, unlimitedWord),
    ...blockWrites(limits),
  ];
}

function memoryWrites(limits: CgroupLimits, swapNowBytes: number): LimitWrite[] {
  const { memoryBytes = 0, memorySwapBytes: swap, oomKillDisable } = limits;
  const memory = written('memory', 'memory.limit_in_bytes', limits.memoryBytes);
  const swapWrites = written('memory', 'memory.memsw.limit_in_bytes', swap);
  const grows = swap === -1 || memoryBytes > swapNowBytes || memoryBytes === -1;
  return [
    ...(grows ? [...swapWrites, ...memory] : [...memory, ...swapWrites]),
    ...written('memory', 'memory.soft_limit_in_bytes', limits.memoryReservationBytes),
    ...written('memory', 'memory.swappiness', limits.swappiness),
    ...written('memory', 'memory.kmem.tcp.limit_in_bytes', limits.kernelMemoryTcpBytes),
    ...written('memory', 'memory.oom_control', oomKillDisable === undefined ? undefined : +oomKillDisable),
  ];
}

function cpuWrites(limits: CgroupLimits): LimitWrite[] {
  return [
    ...written('cpu', 'cpu.shares', limits.cpuShares),
    ...written('cpu', 'cpu.rt_period_us', limits.cpuRealtimePeriodUs),
    ...written('cpu', 'cpu.rt_runtime_us', limits.cpuRealtimeRuntimeUs),
    ...written('cpu', 'cpu.cfs_period_us', limits.cpuPeriodUs),
    ...written('cpu', 'cpu.cfs_quota_us', limits.cpuQuotaUs),
  ];
}

function blockWrites(limits: CgroupLimits): LimitWrite[] {
  const { blockWeight, blockWeightDevices = [] } = limits;
  const throttles = [
    ['blkio.throttle.read_bps_device', limits.blockReadBytesPerSecond],
    ['blkio.throttle.write_bps_device', limits.blockWriteBytesPerSecond],
    ['blkio.throttle.read_iops_device', limits.blockReadsPerSecond],
    ['blkio.throttle.write_iops_device', limits.blockWritesPerSecond],
  ] as const;
  return [
    ...orBfq('blkio.weight', blockWeight === undefined ? [] : [String(blockWeight)]),
    ...orBfq(
      'blkio.weight_device',
      blockWeightDevices.map(({ major, minor, weight }) => `${major}:${minor} ${weight}`),
    ),
    ...throttles.flatMap(([file, devices = []]) =>
      devices.map((device) => ({ controller: 'blkio', file, value: rateLine(device) })),
    ),
  ];
}

/** CFQ's file, which left the kernel with 5.0, or its successor's. */
function orBfq(file: string, values: readonly string[]): LimitWrite[] {
  const bfq = file.replace('blkio.', 'blkio.bfq.');
  return values.map((value) => ({ controller: 'blkio', file, value, orElse: { file: bfq, value } }));
}

function rateLine({ major, minor, rate }: BlockDeviceRate): string {
  return `${major}:${minor} ${rate}`;
}

function written(
  controller: string,
  file: string,
  value: number | string | undefined,
  format: (value: number) => string = String,
): LimitWrite[] {
  if (value === undefined) return [];
  return [{ controller, file, value: typeof value === 'string' ? value : format(value) }];
}

function unlimitedWord(value: number): string {
  return value < 0 ? 'max' : String(value);
}
