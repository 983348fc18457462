import type { BlockDeviceRate, CgroupLimits, LimitWrite } from './cgroup-limits.ts';

/**
 * The writes of limits on a v2 cgroup, in order (cgroup-v2.rst), with v1's scales converted as runc and crun convert
 * them. What v2 has no word for (swappiness, OOM killer, real time) is left out.
 */
export function v2LimitWrites(limits: CgroupLimits): LimitWrite[] {
  const { cpuShares, cpusetCpus, cpusetMems } = limits;
  return [
    ...write('memory.swap.max', swapMax(limits)),
    ...write('memory.max', maxOf(limits.memoryBytes)),
    ...write('memory.low', maxOf(limits.memoryReservationBytes)),
    ...write('cpu.weight', cpuShares === undefined ? undefined : String(cpuWeight(cpuShares))),
    ...write('cpu.max', cpuMax(limits)),
    ...write('cpuset.cpus', cpusetCpus),
    ...write('cpuset.mems', cpusetMems),
    ...write('pids.max', maxOf(limits.pidsLimit)),
    ...weightWrites(limits),
    ...throttleWrites(limits),
  ];
}

/** Shares of 2–262144 on v2's scale of 1–10000, proportionally. */
export function cpuWeight(shares: number): number {
  const [fewest, most] = [2, 262_144];
  const bounded = Math.min(Math.max(shares, fewest), most);
  return 1 + Math.floor(((bounded - fewest) * 9999) / (most - fewest));
}

/** A block weight of 10–1000 on v2's scale of 1–10000. */
export function ioWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

/** v2 limits swap alone. */
function swapMax({ memoryBytes = 0, memorySwapBytes: swap }: CgroupLimits): string | undefined {
  if (swap === undefined) return undefined;
  if (swap < 0 || memoryBytes < 0) return 'max';
  return String(Math.max(0, swap - memoryBytes));
}

/** `quota period`; a quota alone keeps the period. */
function cpuMax({ cpuQuotaUs: quota, cpuPeriodUs: period }: CgroupLimits): string | undefined {
  if (quota === undefined && period === undefined) return undefined;
  const first = quota === undefined || quota <= 0 ? 'max' : String(quota);
  return period === undefined ? first : `${first} ${period}`;
}

function weightWrites({ blockWeight, blockWeightDevices = [] }: CgroupLimits): LimitWrite[] {
  const weights = blockWeightDevices.map(({ major, minor, weight }) => ({
    name: `${major}:${minor}`,
    weight,
  }));
  if (blockWeight !== undefined) weights.unshift({ name: 'default', weight: blockWeight });
  return weights.map(({ name, weight }) => ({
    controller: 'io',
    file: 'io.bfq.weight',
    value: `${name} ${weight}`,
    orElse: { file: 'io.weight', value: `${name} ${ioWeight(weight)}` },
  }));
}

function throttleWrites(limits: CgroupLimits): LimitWrite[] {
  const throttles = [
    ['rbps', limits.blockReadBytesPerSecond],
    ['wbps', limits.blockWriteBytesPerSecond],
    ['riops', limits.blockReadsPerSecond],
    ['wiops', limits.blockWritesPerSecond],
  ] as const;
  return throttles.flatMap(([key, devices = []]) =>
    devices.flatMap((device) => write('io.max', rateLine(device, key))),
  );
}

function rateLine({ major, minor, rate }: BlockDeviceRate, key: string): string {
  return `${major}:${minor} ${key}=${rate === 0 ? 'max' : rate}`;
}

function maxOf(value: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  return value < 0 ? 'max' : String(value);
}

function write(file: string, value: string | undefined): LimitWrite[] {
  const controller = file.split('.', 1)[0] ?? '';
  return value === undefined ? [] : [{ controller, file, value }];
}
