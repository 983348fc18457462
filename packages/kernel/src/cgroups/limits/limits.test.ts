import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { CgroupLayout } from '../layout.ts';
import { readCgroupSupport } from '../support.ts';
import type { CgroupLimits, LimitWrite } from './cgroup-limits.ts';
import { v1LimitWrites } from './v1-limits.ts';
import { cpuWeight, ioWeight, v2LimitWrites } from './v2-limits.ts';
import { writeCgroupLimits } from './write-limits.ts';

const disk = { major: 8, minor: 16 };
const lines = (writes: readonly LimitWrite[]): string[] =>
  writes.map(({ file, value }) => `${file}=${value}`);

const everything: CgroupLimits = {
  memoryBytes: 100,
  memoryReservationBytes: 50,
  memorySwapBytes: 300,
  swappiness: 0,
  oomKillDisable: true,
  cpuShares: 512,
  cpuQuotaUs: 20_000,
  cpuPeriodUs: 50_000,
  cpuRealtimeRuntimeUs: 1000,
  cpuRealtimePeriodUs: 10_000,
  cpusetCpus: '0-1',
  cpusetMems: '0',
  pidsLimit: 7,
  blockWeight: 500,
  blockWeightDevices: [{ ...disk, weight: 10 }],
  blockReadBytesPerSecond: [{ ...disk, rate: 1024 }],
  blockWriteBytesPerSecond: [{ ...disk, rate: 0 }],
  blockReadsPerSecond: [{ ...disk, rate: 5 }],
  blockWritesPerSecond: [{ ...disk, rate: 6 }],
};

test('v1 has a file for every limit', () => {
  assert.deepEqual(lines(v1LimitWrites(everything, 1000)), [
    'memory.limit_in_bytes=100',
    'memory.memsw.limit_in_bytes=300',
    'memory.soft_limit_in_bytes=50',
    'memory.swappiness=0',
    'memory.oom_control=1',
    'cpu.shares=512',
    'cpu.rt_period_us=10000',
    'cpu.rt_runtime_us=1000',
    'cpu.cfs_period_us=50000',
    'cpu.cfs_quota_us=20000',
    'cpuset.cpus=0-1',
    'cpuset.mems=0',
    'pids.max=7',
    'blkio.weight=500',
    'blkio.weight_device=8:16 10',
    'blkio.throttle.read_bps_device=8:16 1024',
    'blkio.throttle.write_bps_device=8:16 0',
    'blkio.throttle.read_iops_device=8:16 5',
    'blkio.throttle.write_iops_device=8:16 6',
  ]);
});

test('on v1 the limit on memory never rises above the one on memory and swap', () => {
  const order = (limits: CgroupLimits, swapNow: number): string[] => lines(v1LimitWrites(limits, swapNow));
  const [memory, swap] = ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'];
  const bigger = { memoryBytes: 500, memorySwapBytes: 900 };
  assert.deepEqual(order(bigger, 400), [`${swap}=900`, `${memory}=500`]);
  assert.deepEqual(order(bigger, 2000), [`${memory}=500`, `${swap}=900`]);
  const unlimited = { memoryBytes: 500, memorySwapBytes: -1 };
  assert.deepEqual(order(unlimited, 600), [`${swap}=-1`, `${memory}=500`]);
});

test('v2 takes the same limits in its own words, as runc and crun convert them', () => {
  assert.deepEqual(lines(v2LimitWrites(everything)), [
    'memory.swap.max=200',
    'memory.max=100',
    'memory.low=50',
    'cpu.weight=20',
    'cpu.max=20000 50000',
    'cpuset.cpus=0-1',
    'cpuset.mems=0',
    'pids.max=7',
    'io.bfq.weight=default 500',
    'io.bfq.weight=8:16 10',
    'io.max=8:16 rbps=1024',
    'io.max=8:16 wbps=max',
    'io.max=8:16 riops=5',
    'io.max=8:16 wiops=6',
  ]);
  const none = { memoryBytes: -1, memorySwapBytes: -1, cpuQuotaUs: -1, pidsLimit: -1 };
  assert.deepEqual(lines(v2LimitWrites(none)), [
    'memory.swap.max=max',
    'memory.max=max',
    'cpu.max=max',
    'pids.max=max',
  ]);
  assert.deepEqual([2, 1024, 262_144].map(cpuWeight), [1, 39, 10_000]);
  assert.deepEqual([10, 500, 1000].map(ioWeight), [1, 4950, 10_000]);
});

test('limits are written into the files of a v2 cgroup, io.weight where there is no BFQ', async () => {
  using root = new Folder();
  const layout: CgroupLayout = { mode: 'v2', version: 2, unified: root.path, controllers: new Map() };
  for (const file of ['memory.max', 'memory.swap.max', 'cpu.weight', 'io.weight'])
    root.write(`c/${file}`, '');
  await writeCgroupLimits(layout, '/c', {
    memoryBytes: 64,
    memorySwapBytes: 64,
    cpuShares: 2,
    blockWeight: 10,
  });
  const read = (file: string): string => readFileSync(path.join(root.path, 'c', file), 'utf8');
  assert.deepEqual(['memory.max', 'memory.swap.max', 'cpu.weight', 'io.weight'].map(read), [
    '64',
    '0',
    '1',
    'default 1',
  ]);
  await assert.rejects(writeCgroupLimits(layout, '/gone', { memoryBytes: 64 }), { code: 'ENOENT' });
});

test('on v1 a smaller quota comes before a shorter period, a bigger one after it', async () => {
  using root = new Folder();
  const layout: CgroupLayout = {
    mode: 'v1',
    version: 1,
    unified: undefined,
    controllers: new Map([['cpu', root.path]]),
  };
  root.write('c/cpu.cfs_quota_us', '9999');
  await assert.rejects(writeCgroupLimits(layout, '/c', { cpuQuotaUs: 1000, cpuPeriodUs: 2000 }), {
    code: 'ENOENT',
  });
  assert.equal(readFileSync(path.join(root.path, 'c/cpu.cfs_quota_us'), 'utf8'), '1000');
  await assert.rejects(writeCgroupLimits(layout, '/c', { memoryBytes: 1 }), { code: 'no-controller' });
});

test('a v2 machine can limit what its controllers do, but not swappiness, real time or the OOM killer', () => {
  using root = new Folder();
  root.write('cgroup.controllers', 'cpuset cpu io memory pids\n');
  root.write('cpuset.cpus.effective', '0-3\n');
  root.write('cpuset.mems.effective', '0\n');
  const layout: CgroupLayout = { mode: 'v2', version: 2, unified: root.path, controllers: new Map() };
  const { swapLimit: _depends, ...support } = readCgroupSupport(layout);
  assert.deepEqual(support, {
    version: 2,
    memoryLimit: true,
    memoryReservation: true,
    swappiness: false,
    oomKillDisable: false,
    cpuShares: true,
    cpuQuota: true,
    cpuRealtime: false,
    kernelMemoryTcp: false,
    cpuset: true,
    cpus: '0-3',
    mems: '0',
    pidsLimit: true,
    blockWeight: true,
    blockWeightDevice: true,
    blockReadBytes: true,
    blockWriteBytes: true,
    blockReads: true,
    blockWrites: true,
  });
});

test('a v1 machine can limit what its hierarchies have files for', () => {
  using root = new Folder();
  root.write('memory/memory.swappiness', '60');
  root.write('cpu/cpu.shares', '1024');
  root.write('blkio/blkio.throttle.read_bps_device', '');
  const controllers = new Map(['memory', 'cpu', 'blkio'].map((name) => [name, path.join(root.path, name)]));
  const support = readCgroupSupport({ mode: 'v1', version: 1, unified: undefined, controllers });
  const has = Object.entries(support).filter(([, value]) => value === true);
  assert.deepEqual(
    has.map(([name]) => name),
    ['memoryLimit', 'swappiness', 'cpuShares', 'blockReadBytes'],
  );
});

class Folder implements Disposable {
  readonly path = mkdtempSync(path.join(tmpdir(), 'gantry-limits-'));

  write(name: string, text: string): void {
    const file = path.join(this.path, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}
