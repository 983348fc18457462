import { availableParallelism } from 'node:os';
import type { Resources } from '@gantry/api-types';
import type { CgroupSupport } from '@gantry/kernel';
import { InvalidOptionError } from '../errors.ts';
import { parseNumberList } from './number-list.ts';

const smallestMemoryBytes = 6 * 1024 * 1024;

export interface CheckedResources {
  /** As given, without what this kernel cannot do. */
  resources: Resources;
  /** Docker's words for what was left out, or is dangerous. */
  warnings: string[];
}

export interface CheckOptions {
  support: CgroupSupport;
  /** An update may set swap where the memory limit stands already. */
  purpose: 'create' | 'update';
}

/**
 * Docker's rules for limits, with its words. What this machine's kernel has no word for is left out with a warning, never
 * in silence. Throws `InvalidOptionError` for a value that breaks a rule.
 */
export function checkResources(given: Resources, options: CheckOptions): CheckedResources {
  const checked: CheckedResources = { resources: { ...given }, warnings: [] };
  for (const name of integerFields) checkInteger(given[name], name);
  checkMemory(checked, options);
  checkPressure(checked, options.support);
  checkPids(checked, options.support);
  checkCpu(checked, options.support);
  checkCpuset(checked.resources, checked, options.support);
  checkBlockIo(checked, options.support);
  checkQuality(checked.resources, options.purpose);
  return checked;
}

const integerFields = [
  'Memory',
  'MemorySwap',
  'MemoryReservation',
  'MemorySwappiness',
  'KernelMemoryTCP',
  'NanoCpus',
  'CpuShares',
  'CpuPeriod',
  'CpuQuota',
  'CpuRealtimePeriod',
  'CpuRealtimeRuntime',
  'PidsLimit',
  'BlkioWeight',
] as const;

function checkMemory({ resources, warnings }: CheckedResources, { support, purpose }: CheckOptions): void {
  const { Memory: memory = 0 } = resources;
  if (memory !== 0 && memory < smallestMemoryBytes) fail('Memory', 'Minimum memory limit allowed is 6MB');
  if (memory > 0 && !support.memoryLimit) {
    warnings.push(lacking('memory limit capabilities', 'Limitation discarded.'));
    resources.Memory = 0;
    resources.MemorySwap = -1;
  }
  if ((resources.Memory ?? 0) > 0 && resources.MemorySwap !== -1 && !support.swapLimit) {
    warnings.push(lacking('swap limit capabilities', 'Memory limited without swap.'));
    resources.MemorySwap = -1;
  }
  if ((resources.KernelMemoryTCP ?? 0) > 0 && !support.kernelMemoryTcp) {
    warnings.push(lacking('kernel memory TCP limit capabilities', 'Limitation discarded.'));
    resources.KernelMemoryTCP = 0;
  }
  const { MemorySwap: swap = 0, MemoryReservation: reservation = 0 } = resources;
  if (memory > 0 && swap > 0 && swap < memory) {
    fail('MemorySwap', 'Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (memory === 0 && swap > 0 && purpose === 'create') {
    fail('MemorySwap', 'You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  if (reservation > 0 && !support.memoryReservation) {
    warnings.push(lacking('memory soft limit capabilities', 'Limitation discarded.'));
    resources.MemoryReservation = 0;
    return;
  }
  if (reservation > 0 && reservation < smallestMemoryBytes) {
    fail('MemoryReservation', 'Minimum memory reservation allowed is 6MB');
  }
  if (memory > 0 && memory < reservation) {
    fail(
      'MemoryReservation',
      'Minimum memory limit can not be less than memory reservation limit, see usage',
    );
  }
}

/** What the kernel does when memory is short. */
function checkPressure({ resources, warnings }: CheckedResources, support: CgroupSupport): void {
  if (resources.MemorySwappiness === -1) delete resources.MemorySwappiness;
  const { MemorySwappiness: swappiness } = resources;
  if (swappiness !== undefined && !support.swappiness) {
    warnings.push(lacking('memory swappiness capabilities', 'Memory swappiness discarded.'));
    delete resources.MemorySwappiness;
  } else if (swappiness !== undefined && (swappiness < 0 || swappiness > 100)) {
    fail('MemorySwappiness', `Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
  }
  if (resources.OomKillDisable !== true) return;
  if (!support.oomKillDisable) {
    warnings.push('Your kernel does not support OomKillDisable. OomKillDisable discarded.');
    delete resources.OomKillDisable;
  } else if ((resources.Memory ?? 0) === 0) {
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  }
}

function checkPids({ resources, warnings }: CheckedResources, support: CgroupSupport): void {
  if ((resources.PidsLimit ?? 0) <= 0 || support.pidsLimit) return;
  warnings.push(lacking('PIDs limit capabilities', 'PIDs limit discarded.'));
  resources.PidsLimit = null;
}

function checkCpu({ resources, warnings }: CheckedResources, support: CgroupSupport): void {
  const { NanoCpus: nanoCpus = 0, CpuPeriod: period = 0, CpuQuota: quota = 0 } = resources;
  const conflict = (other: string): never =>
    fail('NanoCpus', `Conflicting options: Nano CPUs and ${other} cannot both be set`);
  if (nanoCpus > 0 && period > 0) conflict('CPU Period');
  if (nanoCpus > 0 && quota > 0) conflict('CPU Quota');
  if (nanoCpus > 0 && !support.cpuQuota) {
    const reason = 'as your kernel does not support CPU CFS scheduler or the cgroup is not mounted';
    fail('NanoCpus', `NanoCPUs can not be set, ${reason}`);
  }
  const processors = availableParallelism();
  if (nanoCpus < 0 || nanoCpus > processors * 1e9) {
    const range = `from 0.01 to ${processors}.00`;
    fail('NanoCpus', `range of CPUs is ${range}, as there are only ${processors} CPUs available`);
  }
  if ((resources.CpuShares ?? 0) > 0 && !support.cpuShares) {
    warnings.push(lacking('CPU shares', 'Shares discarded.'));
    resources.CpuShares = 0;
  }
  if ((resources.CpuShares ?? 0) < 0) fail('CpuShares', 'shares: invalid argument');
  if ((period !== 0 || quota !== 0) && !support.cpuQuota) {
    warnings.push('Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.');
    Object.assign(resources, { CpuPeriod: 0, CpuQuota: 0 });
    return;
  }
  if (period !== 0 && (period < 1000 || period > 1_000_000)) {
    const range = 'less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)';
    fail('CpuPeriod', `CPU cfs period can not be ${range}`);
  }
  if (quota > 0 && quota < 1000) fail('CpuQuota', 'CPU cfs quota can not be less than 1ms (i.e. 1000)');
  checkLesserCpu({ resources, warnings }, support);
}

function checkLesserCpu({ resources, warnings }: CheckedResources, support: CgroupSupport): void {
  const { CpuRealtimePeriod: period = 0, CpuRealtimeRuntime: runtime = 0 } = resources;
  if ((period !== 0 || runtime !== 0) && !support.cpuRealtime) {
    warnings.push(
      'Your kernel does not support CPU real-time scheduler. CPU real-time period/runtime discarded.',
    );
    Object.assign(resources, { CpuRealtimePeriod: 0, CpuRealtimeRuntime: 0 });
  } else if (period !== 0 && runtime > period) {
    fail('CpuRealtimeRuntime', 'cpu real-time runtime cannot be higher than cpu real-time period');
  }
  if ((resources.CpuPercent ?? 0) > 0) {
    warnings.push('linux does not support CPU percent. Percent discarded.');
    resources.CpuPercent = 0;
  }
}

function checkCpuset(resources: Resources, { warnings }: CheckedResources, support: CgroupSupport): void {
  const { CpusetCpus: cpus = '', CpusetMems: mems = '' } = resources;
  if (cpus === '' && mems === '') return;
  if (!support.cpuset) {
    warnings.push(lacking('cpuset', 'Cpuset discarded.'));
    Object.assign(resources, { CpusetCpus: '', CpusetMems: '' });
    return;
  }
  checkList('CpusetCpus', { wanted: cpus, available: support.cpus, name: 'cpuset cpus', things: 'CPUs' });
  checkList('CpusetMems', {
    wanted: mems,
    available: support.mems,
    name: 'cpuset mems',
    things: 'memory nodes',
  });
}

interface ListCheck {
  wanted: string;
  available: string;
  name: string;
  things: string;
}

function checkList(option: string, { wanted, available, name, things }: ListCheck): void {
  const numbers = parseNumberList(wanted);
  if (numbers === undefined) fail(option, `Invalid value ${wanted} for ${name}: invalid format: ${wanted}`);
  const known = parseNumberList(available) ?? new Set();
  if (!numbers.isSubsetOf(known)) {
    fail(option, `Requested ${things} are not available - requested ${wanted}, available: ${available}`);
  }
}

/** What is limited, the word for it, what is discarded, and whether the kernel has it. */
const throttles = [
  ['BlkioDeviceReadBps', 'BPS Block I/O read limit', 'Block I/O BPS read limit', 'blockReadBytes'],
  ['BlkioDeviceWriteBps', 'BPS Block I/O write limit', 'Block I/O BPS write limit', 'blockWriteBytes'],
  ['BlkioDeviceReadIOps', 'IOPS Block read limit', 'Block I/O IOPS read limit', 'blockReads'],
  ['BlkioDeviceWriteIOps', 'IOPS Block write limit', 'Block I/O IOPS write limit', 'blockWrites'],
] as const;

/** Windows' limits; Docker has other words for each purpose. */
function checkQuality(
  { IOMaximumBandwidth: bandwidth = 0, IOMaximumIOps: operations = 0 }: Resources,
  purpose: CheckOptions['purpose'],
): void {
  const words = (fact: string): string => `Invalid QoS settings: linux does not support ${fact}`;
  if (purpose === 'update' && (bandwidth !== 0 || operations !== 0)) {
    fail('IOMaximumIOps', words('Maximum IO Bandwidth or Maximum IO IOps'));
  }
  if (bandwidth !== 0) fail('IOMaximumBandwidth', words('configuration of maximum bandwidth'));
  if (operations !== 0) fail('IOMaximumIOps', words('configuration of maximum IOPs'));
}

function checkBlockIo({ resources, warnings }: CheckedResources, support: CgroupSupport): void {
  const { BlkioWeight: weight = 0, BlkioWeightDevice: weights } = resources;
  if (weight > 0 && !support.blockWeight) {
    warnings.push(lacking('Block I/O weight', 'Weight discarded.'));
    resources.BlkioWeight = 0;
  } else if (weight !== 0 && (weight < 10 || weight > 1000)) {
    fail('BlkioWeight', 'Range of blkio weight is from 10 to 1000');
  }
  if ((weights ?? []).length > 0 && !support.blockWeightDevice) {
    warnings.push(lacking('Block I/O weight_device', 'Weight-device discarded.'));
    resources.BlkioWeightDevice = [];
  }
  for (const [field, name, discarded, kind] of throttles) {
    if ((resources[field] ?? []).length === 0 || support[kind]) continue;
    warnings.push(lacking(name, `${discarded} discarded.`));
    resources[field] = [];
  }
}

function lacking(what: string, consequence: string): string {
  return `Your kernel does not support ${what} or the cgroup is not mounted. ${consequence}`;
}

function checkInteger(value: number | null | undefined, option: string): void {
  if (value === null || value === undefined || Number.isSafeInteger(value)) return;
  fail(option, `invalid ${option}: ${String(value)} is not an integer`);
}

function fail(option: string, message: string): never {
  throw new InvalidOptionError(message, { option: `HostConfig.${option}` });
}
