import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosenCgroupDriver } from './cgroup-driver.ts';
import { cgroupWarnings } from './cgroup-info.ts';

test('systemd is the driver only where it is the machine’s init, and only when it is asked for', () => {
  const [booted, not] = ['/', '/no/such/folder'];
  assert.equal(chosenCgroupDriver(undefined, booted), 'cgroupfs');
  assert.equal(chosenCgroupDriver('cgroupfs', not), 'cgroupfs');
  assert.equal(chosenCgroupDriver('systemd', booted), 'systemd');
  assert.throws(() => chosenCgroupDriver('systemd', not), /was not booted with systemd/);
  assert.throws(() => chosenCgroupDriver('lxc', booted), /lxc not supported/);
});

test('info warns of each limit that the kernel cannot set', () => {
  const all = {
    version: 1,
    memoryLimit: true,
    swapLimit: false,
    memoryReservation: true,
    swappiness: true,
    oomKillDisable: false,
    cpuShares: true,
    cpuQuota: true,
    cpuRealtime: false,
    kernelMemoryTcp: false,
    cpuset: true,
    cpus: '0',
    mems: '0',
    pidsLimit: true,
    blockWeight: false,
    blockWeightDevice: true,
    blockReadBytes: true,
    blockWriteBytes: true,
    blockReads: true,
    blockWrites: true,
  } as const;
  assert.deepEqual(cgroupWarnings(all), [
    'WARNING: No swap limit support',
    'WARNING: No kernel memory TCP limit support',
    'WARNING: No oom kill disable support',
    'WARNING: No blkio weight support',
  ]);
  assert.deepEqual(cgroupWarnings({ ...all, version: 2, swapLimit: true, blockWeight: true }), []);
});
