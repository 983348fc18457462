import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryRoot } from '@gantry/testkit';
import { loadBusybox } from '../support/busybox-image.ts';
import { type Finished, run } from '../support/processes.ts';
import { repositoryRoot, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const program = path.join(repositoryRoot, 'dist/gantryd.js');

function gantryd(...flags: string[]): Promise<Finished> {
  return run(process.execPath, [program, ...flags]);
}

test('the socket is for root and its group, and gone after a stop', async () => {
  const daemon = await TestDaemon.start();
  const { mode } = statSync(daemon.socketPath);
  assert.equal(mode & 0o777, 0o660);
  await daemon[Symbol.asyncDispose]();
  assert.throws(() => statSync(daemon.socketPath));
});

test('two engines side by side do not see each other', async () => {
  await using first = await TestDaemon.start();
  await using second = await TestDaemon.start();
  await Promise.all([loadBusybox(first), loadBusybox(second)]);
  const name = ['--name', 'same', '-p', '127.0.0.1::80'];
  await first.ok('run', '-d', ...name, 'mirror/busybox', 'httpd', '-f');
  await second.ok('run', '-d', ...name, 'mirror/busybox', 'httpd', '-f');
  assert.notEqual(await first.ok('port', 'same', '80'), await second.ok('port', 'same', '80'));
  await first.ok('rm', '-f', 'same');
  assert.equal(await second.ok('inspect', '-f', '{{.State.Status}}', 'same'), 'running');
});

test('a second engine on the same data root is refused by name', async () => {
  await using daemon = await TestDaemon.start();
  const second = await gantryd(
    '-H',
    `unix://${daemon.root}/2.sock`,
    '--data-root',
    daemon.dataRoot,
    '--exec-root',
    `${daemon.root}/exec2`,
    '--bridge',
    'none',
  );
  assert.equal(second.exitCode, 1);
  assert.match(second.stderr, /another engine is running on the data root/);
  assert.equal(await daemon.ok('ps', '-q'), '');
});

test('a stale socket and pid file do not keep the engine from starting', async () => {
  await using daemon = await TestDaemon.start();
  await daemon.end('SIGKILL');
  assert.ok(statSync(daemon.socketPath).isSocket());
  writeFileSync(path.join(daemon.execRoot, 'gantryd.pid'), '1\n');
  await daemon.restart();
  assert.equal(await daemon.ok('ps', '-q'), '');
});

test('an unknown flag, an unknown key and TCP without certificates are refused by name', async () => {
  await using root = await temporaryRoot();
  assert.match((await gantryd('--nonsense')).stderr, /unknown flag: --nonsense/);
  const file = path.join(root.path, 'daemon.json');
  writeFileSync(file, '{"nonsense":true}');
  assert.match(
    (await gantryd('--config-file', file)).stderr,
    /don't match any configuration option: nonsense/,
  );
  const tcp = await gantryd('-H', 'tcp://127.0.0.1:0', '--data-root', root.path, '--exec-root', root.path);
  assert.equal(tcp.exitCode, 1);
  assert.match(tcp.stderr, /mutual TLS only/);
});

test('the same data root serves again after a stop, with its images and stopped containers', async () => {
  await using daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  const id = await daemon.ok('run', '-d', 'mirror/busybox', 'sh', '-c', 'echo hello; exit 3');
  await daemon.ok('wait', id);
  await daemon.end('SIGTERM');
  await daemon.restart();
  assert.equal(await daemon.ok('logs', id), 'hello');
  assert.equal(await daemon.ok('inspect', '-f', '{{.State.ExitCode}}', id), '3');
  assert.equal(await daemon.ok('run', '--rm', 'mirror/busybox', 'echo', 'again'), 'again');
});

test('a signal that comes while the engine starts ends it in order, and a second one at once', async () => {
  await using root = await temporaryRoot('early-signal');
  const place = (name: string): string => path.join(root.path, name);
  const roots = ['--data-root', place('data'), '--exec-root', place('exec'), '--bridge', 'none'];
  const start = async (): Promise<{ child: ChildProcess; exit: Promise<unknown[]> }> => {
    const child = spawn(process.execPath, [program, '-H', `unix://${place('sock')}`, ...roots]);
    await until('the store is open', () => existsSync(place('data/metadata.db-wal')));
    child.kill('SIGTERM');
    return { child, exit: once(child, 'exit') };
  };
  const first = await start();
  assert.deepEqual(await first.exit, [0, null]);
  for (const left of ['data/metadata.db-wal', 'exec/gantryd.pid', 'sock'])
    assert.ok(!existsSync(place(left)));
  const second = await start();
  second.child.kill('SIGTERM');
  assert.ok([0, 130].includes(Number((await second.exit)[0])));
});

test('a damaged store is said, set aside, and does not keep the engine from starting', async () => {
  await using daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  await daemon.end('SIGKILL');
  writeFileSync(path.join(daemon.dataRoot, 'metadata.db'), Buffer.alloc(65_536, 'damaged'));
  await daemon.restart();
  assert.match(daemon.log, /damaged/);
  await loadBusybox(daemon);
  assert.equal(await daemon.ok('run', '--rm', 'mirror/busybox', 'echo', 'works'), 'works');
});

test('restart policies bring containers back, also when the engine was away', async () => {
  await using daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  const script =
    'n=$(cat /count 2>/dev/null || echo 0); n=$((n+1)); echo $n > /count; echo run $n; [ $n -ge 3 ] || exit 1';
  const id = await daemon.ok('run', '-d', '--restart', 'on-failure:5', 'mirror/busybox', 'sh', '-c', script);
  await untilLog(daemon, id, /run 3/);
  assert.equal(await daemon.ok('wait', id), '0');
  assert.equal(await daemon.ok('inspect', '-f', '{{.RestartCount}}', id), '2');
  const always = await daemon.ok('run', '-d', '--restart', 'always', 'mirror/busybox', 'sleep', '1000');
  const pid = Number(await daemon.ok('inspect', '-f', '{{.State.Pid}}', always));
  await daemon.end('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await daemon.restart();
  await untilState(daemon, always, 'running');
  assert.notEqual(Number(await daemon.ok('inspect', '-f', '{{.State.Pid}}', always)), pid);
});

async function untilLog(daemon: TestDaemon, id: string, pattern: RegExp): Promise<void> {
  while (!pattern.test(await daemon.ok('logs', id)));
}

async function untilState(daemon: TestDaemon, id: string, state: string): Promise<void> {
  while ((await daemon.ok('inspect', '-f', '{{.State.Status}}', id)) !== state);
}
