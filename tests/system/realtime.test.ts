import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createContainer } from '@gantry/client';
import { cgroupDirectory, detectCgroups, readCgroupSupport, removeCgroup } from '@gantry/kernel';
import { busyboxImage as image, loadBusybox } from '../support/busybox-image.ts';
import type { Finished } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

/** What cgroups v1 alone can hold: time for real-time processes, and memory of TCP buffers. */
const layout = detectCgroups();
const { cpuRealtime: hasRealtime, kernelMemoryTcp: hasTcpLimit } = readCgroupSupport(layout);
const share = ['--cpu-rt-period=500000', '--cpu-rt-runtime=20000'];

if (hasRealtime) {
  describe('a daemon with a share of real-time', () => {
    let daemon: TestDaemon;

    before(async () => {
      daemon = await TestDaemon.start(share);
      await loadBusybox(daemon);
    });
    after(async () => {
      await daemon[Symbol.asyncDispose]();
      removeCgroup(layout, `/${path.basename(daemon.root)}`);
    });

    function read(file: string, id = ''): string {
      const directory = cgroupDirectory(layout, 'cpu', path.join('/', path.basename(daemon.root), id)) ?? '';
      return readFileSync(path.join(directory, file), 'utf8').trim();
    }

    for (const program of programs) {
      const call = (...args: string[]): Promise<Finished> => daemon[program](args);

      test(`containers have the part of it that they ask for, also while they run, by ${program}`, async () => {
        const started = await call('run', '-d', '--cpu-rt-runtime', '5000', image, 'sleep', '1000');
        assert.equal(started.exitCode, 0, started.stderr);
        const id = started.stdout.trim();
        assert.equal(read('cpu.rt_period_us'), '500000');
        assert.equal(read('cpu.rt_runtime_us'), '20000');
        assert.equal(read('cpu.rt_runtime_us', id), '5000');
        const updated = await call('update', '--cpu-rt-runtime', '7000', id);
        assert.equal(updated.exitCode, 0, updated.stderr);
        // dockerd notes it and leaves the cgroup as it is.
        if (peer === undefined) assert.equal(read('cpu.rt_runtime_us', id), '7000');
        assert.equal(await daemon.ok('inspect', '-f', '{{.HostConfig.CpuRealtimeRuntime}}', id), '7000');
        await call('rm', '-f', id);
      });

      test(`more than the share is refused by the kernel, and the container does not start, by ${program}`, async () => {
        const refused = await call('run', '--rm', '--cpu-rt-runtime', '900000', image, 'true');
        assert.equal(refused.exitCode, 125, refused.stderr);
        assert.match(refused.stderr, /rt_runtime/);
      });
    }
  });
} else {
  test('a share of real-time is refused where the kernel has none', async () => {
    await assert.rejects(TestDaemon.start(share), /daemon-scoped cpu-rt-period and cpu-rt-runtime are not /);
  });
}

// dockerd takes the field and does nothing.
const needsTcpLimits = peer === undefined ? {} : { skip: 'dockerd limits no TCP buffers' };

test(
  'memory of TCP buffers is limited where the kernel can, and warned of where it cannot',
  needsTcpLimits,
  async () => {
    await using daemon = await TestDaemon.start();
    await loadBusybox(daemon);
    const { Id: id, Warnings: warnings } = await createContainer(daemon.api, {
      Image: image,
      Cmd: ['sleep', '1000'],
      HostConfig: { KernelMemoryTCP: 8 * 1024 * 1024 },
    });
    assert.equal(warnings.length, hasTcpLimit ? 0 : 1);
    await daemon.ok('start', id);
    if (hasTcpLimit) {
      const cgroup = cgroupDirectory(layout, 'memory', path.join('/', path.basename(daemon.root), id)) ?? '';
      const file = path.join(cgroup, 'memory.kmem.tcp.limit_in_bytes');
      assert.equal(readFileSync(file, 'utf8').trim(), String(8 * 1024 * 1024));
    }
    await daemon.ok('rm', '-f', id);
  },
);
