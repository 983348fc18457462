import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryRoot } from '@gantry/testkit';
import { loadBusybox } from '../support/busybox-image.ts';
import { run } from '../support/processes.ts';
import { repositoryRoot, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';

/** A tmpfs of the test's own, unmounted at the end. */
async function withFileSystem(options: string, work: (directory: string) => Promise<void>): Promise<void> {
  await using root = await temporaryRoot();
  const directory = path.join(root.path, 'fs');
  mkdirSync(directory);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
  try {
    await work(directory);
  } finally {
    execFileSync('umount', [directory]);
  }
}

test('an engine whose data root is read-only says so and does not start', async () => {
  await using root = await temporaryRoot();
  await withFileSystem('ro', async (directory) => {
    const program = path.join(repositoryRoot, 'dist/gantryd.js');
    const roots = ['--data-root', path.join(directory, 'data'), '--exec-root', path.join(root.path, 'exec')];
    const refused = await run(process.execPath, [
      program,
      '-H',
      `unix://${root.path}/s`,
      '--bridge',
      'none',
      ...roots,
    ]);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /EROFS|read-only file system/i);
    assert.match(refused.stderr, new RegExp(directory));
  });
});

test('a data root on a file system without exec, setuid and devices serves containers all the same', async () => {
  await withFileSystem('noexec,nosuid,nodev', async (directory) => {
    await using daemon = await TestDaemon.start(['--data-root', path.join(directory, 'data')]);
    await loadBusybox(daemon);
    assert.equal(
      await daemon.ok('run', '--rm', '-v', 'kept:/v', image, 'sh', '-c', 'echo ok > /v/f; cat /v/f'),
      'ok',
    );
    await daemon.ok('volume', 'rm', 'kept');
  });
});

test('a data root that fills up is told, loses nothing acknowledged, and works again once there is room', async () => {
  await withFileSystem('size=16m', async (directory) => {
    await using daemon = await TestDaemon.start(['--data-root', path.join(directory, 'data')]);
    await loadBusybox(daemon);
    const kept = await daemon.ok('create', '--name', 'kept', image, 'echo', 'kept');
    const filler = path.join(directory, 'filler');
    await run('dd', ['if=/dev/zero', `of=${filler}`, 'bs=65536']);
    await run('sh', ['-c', `cat /dev/zero >> ${filler}`]);
    assert.ok(statfsSync(directory).bfree < 16);
    const refused = await daemon.gantry(['run', '--rm', image, 'sh', '-c', 'cat /dev/zero > /f']);
    assert.notEqual(refused.exitCode, 0);
    assert.match(refused.stderr, /no space left|disk is full|ENOSPC|full/i);
    assert.equal(await daemon.ok('ps', '-aq', '--no-trunc', '--filter', 'name=kept'), kept);
    rmSync(filler);
    assert.equal(await daemon.ok('start', '-a', 'kept'), 'kept');
    assert.equal((await daemon.gantry(['system', 'fsck'])).stdout, 'everything fits\n');
  });
});

test('an engine out of descriptors refuses what needs them, keeps what runs, and goes on when there are more', async () => {
  await using daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  const id = await daemon.ok('run', '-d', image, 'sleep', '1000');
  const limit = (count: string): void => {
    execFileSync('prlimit', ['--pid', String(daemon.pid), `--nofile=${count}:`]);
  };
  limit('24');
  const starved = await daemon.gantry(['run', '--rm', image, 'true'], { timeoutMs: 60_000 });
  assert.notEqual(starved.exitCode, 0);
  assert.ok(daemon.isRunning);
  limit('1024');
  await until('it serves again', async () => (await daemon.gantry(['ps', '-q'])).exitCode === 0);
  assert.equal(await daemon.ok('inspect', '-f', '{{.State.Status}}', id), 'running');
  assert.equal(await daemon.ok('run', '--rm', image, 'echo', 'again'), 'again');
});

test('a clock that jumps by a year, forth and back, stops nothing and loses no line', async () => {
  await using root = await temporaryRoot();
  const file = path.join(root.path, 'clock');
  process.env['GANTRY_TEST_CLOCK'] = file;
  const hook = path.join(repositoryRoot, 'tests/support/clock-hook.ts');
  await using daemon = await TestDaemon.start([], [hook]);
  await loadBusybox(daemon);
  const jump = async (ms: number, year: string): Promise<void> => {
    writeFileSync(file, String(ms));
    process.kill(daemon.pid, 'SIGUSR2');
    await until('the clock is set', async () =>
      (await daemon.ok('info', '-f', '{{.SystemTime}}')).startsWith(year),
    );
  };
  const yearNow = new Date().getUTCFullYear();
  const lines = async (): Promise<number> => (await daemon.ok('logs', 'speaker')).split('\n').length;
  const script = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done';
  await daemon.ok('run', '-d', '--name', 'speaker', '--restart', 'always', image, 'sh', '-c', script);
  await jump(366 * 24 * 3600 * 1000, String(yearNow + 1));
  assert.equal(await daemon.ok('run', '--rm', image, 'echo', 'later'), 'later');
  await jump(0, String(yearNow));
  assert.equal(await daemon.ok('run', '--rm', image, 'echo', 'earlier'), 'earlier');
  const before = await lines();
  await until('it speaks on', async () => (await lines()) > before + 2);
  await daemon.ok('stop', '-t', '0', 'speaker');
  const said = (await daemon.ok('logs', 'speaker')).split('\n');
  assert.deepEqual(
    said,
    Array.from(said, (_, index) => String(index + 1)),
  );
  assert.equal(await daemon.ok('start', 'speaker'), 'speaker');
});
