import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cgroupDirectory, detectCgroups, removeCgroup } from '@gantry/kernel';
import { busyboxImage as image, loadBusybox } from '../support/busybox-image.ts';
import type { Finished } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

const layout = detectCgroups();
const isV1 = layout.version === 1;
const mb = 1024 * 1024;
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

/** A file of a running container's cgroup: of v1 or v2, whichever this machine has. */
function limit(id: string, v1: string, v2: string): string {
  const [controller = '', ...rest] = (isV1 ? v1 : v2).split('/');
  const parent = `/${path.basename(daemon.root)}`;
  const inner = isV1 || peer !== undefined ? '' : 'init';
  const directory = cgroupDirectory(layout, controller, path.join(parent, id, inner)) ?? '';
  return readFileSync(path.join(directory, rest.join('/')), 'utf8').trim();
}

/** A block device of this machine, `/dev/vda` and its number; a machine without one has nothing to limit. */
function someDisk(): { device: string; number: string } | undefined {
  const name = readdirSync('/sys/block').find((entry) => existsSync(`/dev/${entry}`));
  if (name === undefined) return undefined;
  return { device: `/dev/${name}`, number: readFileSync(`/sys/block/${name}/dev`, 'utf8').trim() };
}

for (const program of programs) {
  const call = (...args: string[]): Promise<Finished> => daemon[program](args);
  const run = async (...flags: string[]): Promise<string> => {
    const command = flags.includes(image) ? [] : [image, 'sleep', '1000'];
    const finished = await call('run', '-d', ...flags, ...command);
    assert.equal(finished.exitCode, 0, finished.stderr);
    return finished.stdout.trim();
  };

  describe(`${program}: limits`, () => {
    test('of memory are in the cgroup', async () => {
      const flags = ['--memory', '64m', '--memory-swap', '-1', '--memory-reservation', '32m'];
      const id = await run(...flags, '--oom-score-adj', '500');
      assert.equal(limit(id, 'memory/memory.limit_in_bytes', 'memory/memory.max'), String(64 * mb));
      assert.equal(limit(id, 'memory/memory.soft_limit_in_bytes', 'memory/memory.low'), String(32 * mb));
      const swap = limit(id, 'memory/memory.memsw.limit_in_bytes', 'memory/memory.swap.max');
      assert.ok(swap === 'max' || Number(swap) > 2 ** 60, swap);
      const pid = await daemon.ok('inspect', '-f', '{{.State.Pid}}', id);
      assert.equal(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim(), '500');
      await call('rm', '-f', id);
    });

    test('of swap are twice the memory by default, and swappiness and the OOM killer are as asked', async () => {
      const own = isV1 ? ['--memory-swappiness', '10', '--oom-kill-disable'] : [];
      const id = await run('-m', '64m', ...own);
      const swap = limit(id, 'memory/memory.memsw.limit_in_bytes', 'memory/memory.swap.max');
      assert.equal(Number(swap), (isV1 ? 128 : 64) * mb);
      if (isV1) {
        assert.equal(limit(id, 'memory/memory.swappiness', ''), '10');
        assert.match(limit(id, 'memory/memory.oom_control', ''), /^oom_kill_disable 1$/m);
      }
      await call('rm', '-f', id);
    });

    test('of CPUs, processes and disks are in the cgroup', async () => {
      const { device, number } = someDisk() ?? {};
      const cpu = ['--cpu-shares', '512', '--cpu-period', '50000', '--cpu-quota', '20000'];
      const sets = ['--cpuset-cpus', '0', '--cpuset-mems', '0', '--pids-limit', '33'];
      const throttles = ['--device-read-bps', `${device}:1mb`, '--device-write-iops', `${device}:100`];
      const disk = device === undefined ? [] : throttles;
      const id = await run(...cpu, ...sets, ...disk);
      assert.match(limit(id, 'cpu/cpu.shares', 'cpu/cpu.weight'), isV1 ? /^512$/ : /^(20|59)$/);
      if (isV1) assert.equal(limit(id, 'cpu/cpu.cfs_period_us', ''), '50000');
      assert.equal(limit(id, 'cpu/cpu.cfs_quota_us', 'cpu/cpu.max'), isV1 ? '20000' : '20000 50000');
      assert.equal(limit(id, 'cpuset/cpuset.cpus', 'cpuset/cpuset.cpus'), '0');
      assert.equal(limit(id, 'cpuset/cpuset.mems', 'cpuset/cpuset.mems'), '0');
      assert.equal(limit(id, 'pids/pids.max', 'pids/pids.max'), '33');
      if (number !== undefined) {
        const reads = limit(id, 'blkio/blkio.throttle.read_bps_device', 'io/io.max');
        assert.ok(reads.includes(number) && reads.includes(String(mb)), reads);
        assert.match(limit(id, 'blkio/blkio.throttle.write_iops_device', 'io/io.max'), /\b100\b/);
      }
      await call('rm', '-f', id);
    });

    test('that break a rule are refused in Docker’s words', async () => {
      const refused: [string[], RegExp][] = [
        [['-m', '1m'], /Minimum memory limit allowed is 6MB/],
        [['--memory-swap', '10m'], /You should always set the Memory limit when using Memoryswap limit/],
        [['--cpus', '4000'], /[Rr]ange of CPUs is from 0\.01 to \d+\.00, as there are only \d+ CPUs/],
        [['--cpus', '1', '--cpu-period', '100000'], /Nano CPUs and CPU Period cannot both be set/],
        [['--cpu-quota', '1'], /CPU cfs quota can not be less than 1ms/],
        [['--cpuset-cpus', '900'], /Requested CPUs are not available - requested 900, available: 0/],
        [['--oom-score-adj', '2000'], /Invalid value 2000, range for oom score adj is \[-1000, 1000\]/],
      ];
      for (const [flags, message] of refused) {
        const finished = await call('run', '--rm', ...flags, image, 'true');
        assert.equal(finished.exitCode, 125, flags.join(' '));
        assert.match(finished.stderr, message);
      }
      const device = await call('run', '--rm', '--device-read-bps', '/dev/nope:1mb', image, 'true');
      assert.match(device.stderr, /stat \/dev\/nope: no such file or directory/);
    });

    test('that this kernel cannot set are told, and the container runs without them', async () => {
      // Block IO weight left v1 with the CFQ scheduler; swappiness and the OOM killer's switch did not come to v2.
      const [flags, warning] = isV1
        ? [['--blkio-weight', '100'], /Block I\/O weight or the cgroup is not mounted\. Weight discarded/]
        : [['--oom-kill-disable'], /Your kernel does not support OomKillDisable/];
      const finished = await call('run', '--rm', ...flags, image, 'echo', 'ran');
      assert.equal(finished.stdout, 'ran\n');
      assert.match(finished.stderr, warning);
    });

    test('are below the cgroup parent that was asked for', async () => {
      const parent = `/${path.basename(daemon.root)}/deeper-${program}`;
      const id = await run('--cgroup-parent', parent);
      const pid = await daemon.ok('inspect', '-f', '{{.State.Pid}}', id);
      assert.match(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), new RegExp(`:${parent}/${id}`));
      await call('rm', '-f', id);
      removeCgroup(layout, parent);
    });
  });

  describe(`${program} update`, () => {
    test('changes the limits of a running container and is there after a restart', async () => {
      const id = await run('--memory', '64m');
      const changes = [
        '--memory',
        '200m',
        '--memory-swap',
        '400m',
        '--cpu-shares',
        '256',
        '--pids-limit',
        '20',
      ];
      const updated = await call('update', ...changes, '--cpus', '0.5', '--restart', 'on-failure:3', id);
      assert.deepEqual([updated.exitCode, updated.stdout], [0, `${id}\n`], updated.stderr);
      const inCgroup = (): string[] => [
        limit(id, 'memory/memory.limit_in_bytes', 'memory/memory.max'),
        limit(id, 'pids/pids.max', 'pids/pids.max'),
        limit(id, 'cpu/cpu.cfs_quota_us', 'cpu/cpu.max').split(' ')[0] ?? '',
      ];
      const wanted = [String(200 * mb), '20', '50000'];
      assert.deepEqual(inCgroup(), wanted);
      await call('restart', '-t', '0', id);
      assert.deepEqual(inCgroup(), wanted);
      const format = '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}';
      assert.equal((await call('inspect', '-f', format, id)).stdout, 'on-failure 3\n');
      await call('rm', '-f', id);
    });

    test('says what cannot be changed, and why', async () => {
      const id = await run('--memory', '64m', '--cpus', '1');
      const refused: [string[], RegExp][] = [
        [['--memory', '200m'], /Memory limit should be smaller than already set memoryswap limit/],
        [['--cpu-quota', '5000'], /CPU Quota cannot be updated as NanoCPUs has already been set/],
        [['--restart', 'bogus'], /invalid restart policy/],
        [[], /you must provide one or more flags|[Aa]t least/],
      ];
      for (const [flags, message] of refused) {
        const finished = await call('update', ...flags, id);
        assert.equal(finished.exitCode, 1, flags.join(' '));
        assert.match(finished.stderr, message);
      }
      assert.match((await call('update', '-m', '64m', 'no-such')).stderr, /No such container: no-such/);
      await call('rm', '-f', id);
    });
  });

  describe(`${program}: a container out of bounds`, () => {
    test('is killed for memory, ends with 137, and is told as out of memory', async () => {
      const hungry = ['tail', '-c', '200m', '/dev/zero'];
      const finished = await call(
        'run',
        '--name',
        'hungry',
        '-m',
        '16m',
        '--memory-swap',
        '16m',
        image,
        ...hungry,
      );
      assert.equal(finished.exitCode, 137, finished.stderr);
      assert.equal((await call('inspect', '-f', '{{.State.OOMKilled}}', 'hungry')).stdout, 'true\n');
      const events = await call(
        'events',
        '--since',
        '1h',
        '--until',
        (Date.now() / 1000).toFixed(6),
        '--filter',
        'container=hungry',
      );
      assert.match(events.stdout, /container oom [0-9a-f]{64}/);
      await call('rm', 'hungry');
    });

    test('with a fork bomb in it stays within its limit, and the machine goes on', async () => {
      // A shell that cannot fork gives up; the one around it stays.
      const bomb = "sh -c 'while true; do sleep 1000 & done' 2>/dev/null; exec sleep 1000";
      const id = await run('--pids-limit', '20', image, 'sh', '-c', bomb);
      while (!/^max [1-9]/m.test(limit(id, 'pids/pids.events', 'pids/pids.events'))) await call('version');
      assert.ok(Number(limit(id, 'pids/pids.current', 'pids/pids.current')) <= 20);
      assert.equal((await call('run', '--rm', image, 'echo', 'others run')).stdout, 'others run\n');
      assert.equal((await call('rm', '-f', id)).exitCode, 0);
    });
  });
}
