import type { Resources } from '@gantry/api-types';
import { parseByteSize } from '@gantry/base';
import { CommandError, UsageError } from '../errors.ts';
import type { FlagValues } from '../grammar/flag-values.ts';
import { parseDevice, parseGpus, parseNamedDevice, parseThrottle, parseWeight } from './devices.ts';

const sizeFields = {
  memory: 'Memory',
  'memory-reservation': 'MemoryReservation',
  'memory-swap': 'MemorySwap',
} as const;
const numberFields = {
  'cpu-shares': 'CpuShares',
  'cpu-period': 'CpuPeriod',
  'cpu-quota': 'CpuQuota',
  'cpu-rt-period': 'CpuRealtimePeriod',
  'cpu-rt-runtime': 'CpuRealtimeRuntime',
  'blkio-weight': 'BlkioWeight',
  'memory-swappiness': 'MemorySwappiness',
  'pids-limit': 'PidsLimit',
} as const;
const ofWindows = ['cpu-count', 'cpu-percent', 'io-maxbandwidth', 'io-maxiops'] as const;

/** The limits among the flags, of a command that has some of them. Unset flags leave no field. */
export function resourcesOf(flags: FlagValues): Resources {
  const resources: Resources = {};
  refuseFlagsOfWindows(flags);
  for (const [flag, field] of Object.entries(sizeFields)) {
    if (flags.hasIfKnown(flag)) resources[field] = sizeOf(flags, flag);
  }
  for (const [flag, field] of Object.entries(numberFields)) {
    if (flags.hasIfKnown(flag)) resources[field] = flags.number(flag);
  }
  if (flags.hasIfKnown('kernel-memory'))
    throw new CommandError(125, '--kernel-memory is no longer supported: use --memory');
  if (flags.hasIfKnown('cpus')) resources.NanoCpus = parseCpus(flags.string('cpus'));
  if (flags.hasIfKnown('cpuset-cpus')) resources.CpusetCpus = flags.string('cpuset-cpus');
  if (flags.hasIfKnown('cpuset-mems')) resources.CpusetMems = flags.string('cpuset-mems');
  if (flags.hasIfKnown('oom-kill-disable')) resources.OomKillDisable = flags.boolean('oom-kill-disable');
  if (flags.hasIfKnown('ulimit')) resources.Ulimits = flags.list('ulimit').map(parseUlimit);
  applyDevices(flags, resources);
  return resources;
}

/** The bytes that a flag says; -1 is no limit, for swap alone. Throws `UsageError` in pflag's words. */
export function sizeOf(flags: FlagValues, flag: string): number {
  const text = flags.string(flag);
  if (text !== '-1') return parseByteSize(text);
  if (flag === 'memory-swap') return -1;
  const shown = flag === 'memory' ? '-m, --memory' : `--${flag}`;
  throw new UsageError(`invalid argument "-1" for "${shown}" flag: invalid size: '-1'`);
}

function refuseFlagsOfWindows(flags: FlagValues): void {
  const given = ofWindows.find((flag) => flags.hasIfKnown(flag));
  if (given === undefined) return;
  throw new CommandError(
    1,
    `"--${given}" is only supported on a Docker daemon running on windows, but the Docker daemon is running on linux`,
  );
}

function applyDevices(flags: FlagValues, resources: Resources): void {
  const given = flags.hasIfKnown('device') ? flags.list('device') : [];
  const named = given.map(parseNamedDevice);
  const paths = given.filter((_, index) => named[index] === undefined);
  const gpus = flags.hasIfKnown('gpus') ? flags.list('gpus').map(parseGpus) : [];
  const requests = [...gpus, ...named.filter((request) => request !== undefined)];
  if (paths.length > 0) resources.Devices = paths.map(parseDevice);
  if (requests.length > 0) resources.DeviceRequests = requests;
  if (flags.hasIfKnown('blkio-weight-device')) {
    resources.BlkioWeightDevice = flags.list('blkio-weight-device').map(parseWeight);
  }
  const throttles = [
    ['device-read-bps', 'BlkioDeviceReadBps', 'bytes'],
    ['device-write-bps', 'BlkioDeviceWriteBps', 'bytes'],
    ['device-read-iops', 'BlkioDeviceReadIOps', 'operations'],
    ['device-write-iops', 'BlkioDeviceWriteIOps', 'operations'],
  ] as const;
  for (const [flag, field, unit] of throttles) {
    if (flags.hasIfKnown(flag)) resources[field] = flags.list(flag).map((text) => parseThrottle(text, unit));
  }
}

/** Billionths of a CPU from `1.5` or `3/2`. */
function parseCpus(text: string): number {
  const [number = '', divisor] = text.split('/');
  return Math.round((Number(number) * 1e9) / Number(divisor ?? 1));
}

function parseUlimit(text: string): { Name: string; Soft: number; Hard: number } {
  const [, Name = '', soft = '', hard = soft] = /^([^=]*)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  return { Name, Soft: Number(soft), Hard: Number(hard) };
}
