import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import type { Resources } from '@gantry/api-types';
import type { CgroupSupport } from '@gantry/kernel';
import { fullSupport } from '../../testing/full-support.ts';
import { checkResources } from './check-resources.ts';
import { containerLimits } from './container-limits.ts';
import { resourceDefaults } from './resource-defaults.ts';

const mb = 1024 * 1024;

function check(
  resources: Resources,
  support: Partial<CgroupSupport> = {},
): ReturnType<typeof checkResources> {
  return checkResources(resources, { support: { ...fullSupport(), ...support }, purpose: 'create' });
}

test('values that break a rule are refused in Docker’s words', () => {
  const cpus = availableParallelism();
  const refused: [Resources, string | RegExp][] = [
    [{ Memory: 1 }, 'Minimum memory limit allowed is 6MB'],
    [
      { Memory: 10 * mb, MemorySwap: 9 * mb },
      'Minimum memoryswap limit should be larger than memory limit, see usage',
    ],
    [{ MemorySwap: 9 * mb }, 'You should always set the Memory limit when using Memoryswap limit, see usage'],
    [{ MemoryReservation: 1 }, 'Minimum memory reservation allowed is 6MB'],
    [
      { Memory: 8 * mb, MemoryReservation: 9 * mb },
      'Minimum memory limit can not be less than memory reservation limit, see usage',
    ],
    [{ MemorySwappiness: 101 }, 'Invalid value: 101, valid memory swappiness range is 0-100'],
    [
      { NanoCpus: (cpus + 1) * 1e9 },
      `range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`,
    ],
    [{ NanoCpus: 1e9, CpuPeriod: 1000 }, 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
    [{ NanoCpus: 1e9, CpuQuota: 1000 }, 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'],
    [{ CpuPeriod: 999 }, /CPU cfs period can not be less than 1ms/],
    [{ CpuQuota: 999 }, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
    [{ CpuShares: -1 }, 'shares: invalid argument'],
    [{ CpusetCpus: 'x' }, 'Invalid value x for cpuset cpus: invalid format: x'],
    [{ CpusetCpus: '1-9' }, 'Requested CPUs are not available - requested 1-9, available: 0-1'],
    [{ CpusetMems: '7' }, 'Requested memory nodes are not available - requested 7, available: 0'],
    [{ BlkioWeight: 9 }, 'Range of blkio weight is from 10 to 1000'],
    [{ IOMaximumIOps: 9 }, /^Invalid QoS settings: linux does not support/],
    [{ CpuShares: 0.5 }, 'invalid CpuShares: 0.5 is not an integer'],
  ];
  for (const [resources, message] of refused) {
    assert.throws(() => check(resources), { name: 'InvalidOptionError', message }, String(message));
  }
});

test('what the kernel lacks is left out with a warning, never in silence', () => {
  const cases: [Partial<CgroupSupport>, Resources, Resources, RegExp][] = [
    [{ memoryLimit: false }, { Memory: 10 * mb }, { Memory: 0, MemorySwap: -1 }, /memory limit capabilities/],
    [{ swapLimit: false }, { Memory: 10 * mb }, { Memory: 10 * mb, MemorySwap: -1 }, /without swap/],
    [{ memoryReservation: false }, { MemoryReservation: 8 * mb }, { MemoryReservation: 0 }, /soft limit/],
    [{ swappiness: false }, { MemorySwappiness: 7 }, {}, /swappiness discarded/],
    [{ oomKillDisable: false }, { OomKillDisable: true }, {}, /OomKillDisable discarded/],
    [{ pidsLimit: false }, { PidsLimit: 3 }, { PidsLimit: null }, /PIDs limit discarded/],
    [{ cpuShares: false }, { CpuShares: 3 }, { CpuShares: 0 }, /Shares discarded/],
    [{ cpuQuota: false }, { CpuQuota: 3000 }, { CpuPeriod: 0, CpuQuota: 0 }, /period\/quota discarded/],
    [
      { cpuRealtime: false },
      { CpuRealtimeRuntime: 9 },
      { CpuRealtimePeriod: 0, CpuRealtimeRuntime: 0 },
      /real-time period\/runtime discarded/,
    ],
    [{ cpuset: false }, { CpusetCpus: '0' }, { CpusetCpus: '', CpusetMems: '' }, /Cpuset discarded/],
    [{ blockWeight: false }, { BlkioWeight: 20 }, { BlkioWeight: 0 }, /Weight discarded/],
    [
      { blockWeightDevice: false },
      { BlkioWeightDevice: [{ Path: '/dev/x', Weight: 20 }] },
      { BlkioWeightDevice: [] },
      /Weight-device discarded/,
    ],
    [
      { blockWrites: false },
      { BlkioDeviceWriteIOps: [{ Path: '/dev/x', Rate: 20 }] },
      { BlkioDeviceWriteIOps: [] },
      /IOPS write limit discarded/,
    ],
    [{}, { CpuPercent: 5 }, { CpuPercent: 0 }, /CPU percent/],
  ];
  for (const [support, given, left, warning] of cases) {
    const { resources, warnings } = check(given, support);
    assert.deepEqual(resources, left);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', warning);
  }
  assert.match(check({ OomKillDisable: true }).warnings.join(), /OOM killer is disabled/);
  assert.deepEqual(check({ OomKillDisable: true, Memory: 10 * mb }).warnings, []);
});

test('swap is twice the memory unless it is given, and -1 takes its limit away', () => {
  const swapOf = (resources: Resources): unknown => resourceDefaults(check(resources)).MemorySwap;
  assert.equal(swapOf({ Memory: 8 * mb }), 16 * mb);
  assert.equal(swapOf({ Memory: 8 * mb, MemorySwap: 8 * mb }), 8 * mb);
  assert.equal(swapOf({ Memory: 8 * mb, MemorySwap: -1 }), -1);
  assert.equal(swapOf({}), 0);
});

test('a checked HostConfig becomes limits of a cgroup; what was not asked for is not written', () => {
  const limits = (host: Resources): object => containerLimits(resourceDefaults(check(host)), fullSupport());
  assert.deepEqual(limits({}), {});
  assert.deepEqual(limits({ NanoCpus: 1.5e9 }), { cpuQuotaUs: 150_000, cpuPeriodUs: 100_000 });
  assert.deepEqual(limits({ MemorySwappiness: 0, PidsLimit: -1, CpuQuota: -1 }), {
    swappiness: 0,
    cpuQuotaUs: -1,
  });
  assert.throws(() => limits({ BlkioDeviceReadBps: [{ Path: '/dev/nope', Rate: 1 }] }), {
    message: 'stat /dev/nope: no such file or directory',
  });
  assert.throws(() => limits({ BlkioDeviceReadBps: [{ Path: '/dev/null', Rate: 1 }] }), /not a block device/);
});
