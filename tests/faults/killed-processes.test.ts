import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createContainer, startContainer } from '@gantry/client';
import { loadBusybox } from '../support/busybox-image.ts';
import { childrenOf, isAlive } from '../support/footprint.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
const untilGo = 'echo one; while [ ! -e /go ]; do sleep 0.02; done; echo two; exit 7';
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

function inspect(id: string, format: string): Promise<string> {
  return daemon.ok('inspect', '-f', format, id);
}

async function initOf(id: string): Promise<number> {
  return Number(await inspect(id, '{{.State.Pid}}'));
}

function shimOf(id: string): number {
  return Number(readFileSync(path.join(daemon.execRoot, 'containers', id, 'shim.pid'), 'utf8'));
}

/** What happened to the container until now, as `docker events` prints it. */
async function eventsOf(id: string): Promise<string> {
  const now = (Date.now() / 1000).toFixed(3);
  const finished = await daemon.docker(['events', '--since', '0', '--until', now, '-f', `container=${id}`]);
  assert.equal(finished.exitCode, 0, finished.stderr);
  return finished.stdout;
}

test('kill -9 of init is an exit with 137, and the container starts again', async () => {
  const id = await daemon.ok('run', '-d', image, 'sleep', '1000');
  process.kill(await initOf(id), 'SIGKILL');
  assert.equal(await daemon.ok('wait', id), '137');
  assert.equal(await inspect(id, '{{.State.Status}} {{.State.OOMKilled}}'), 'exited false');
  assert.match(await eventsOf(id), /container die .*exitCode=137/);
  await daemon.ok('start', id);
  assert.equal(await daemon.ok('exec', id, 'echo', 'alive'), 'alive');
  await daemon.ok('rm', '-f', id);
});

test('kill -9 of the shim leaves the container running, and its output and exit code are told', async () => {
  const id = await daemon.ok('run', '-d', image, 'sh', '-c', untilGo);
  process.kill(shimOf(id), 'SIGKILL');
  await until('the shim is gone', () => !isAlive(shimOf(id)));
  assert.equal(await inspect(id, '{{.State.Status}}'), 'running');
  await daemon.ok('exec', id, 'touch', '/go');
  assert.equal(await daemon.ok('wait', id), '7');
  assert.equal(await daemon.ok('logs', id), 'one\ntwo');
  await daemon.ok('rm', id);
});

test('kill -9 of crun leaves the container running, and its output and exit code are told', async () => {
  const id = await daemon.ok('run', '-d', image, 'sh', '-c', untilGo);
  const [crun = 0] = childrenOf(shimOf(id));
  assert.match(readFileSync(`/proc/${crun}/comm`, 'utf8'), /crun/);
  process.kill(crun, 'SIGKILL');
  await until('crun is gone', () => !isAlive(crun));
  assert.equal(await daemon.ok('exec', id, 'touch', '/go'), '');
  assert.equal(await daemon.ok('wait', id), '7');
  assert.equal(await daemon.ok('logs', id), 'one\ntwo');
  await daemon.ok('rm', id);
});

test('kill -9 of shim, crun and engine at once loses neither container nor output', async () => {
  const id = await daemon.ok('run', '-d', image, 'sh', '-c', untilGo);
  const shim = shimOf(id);
  const init = await initOf(id);
  const [crun = 0] = childrenOf(shim);
  process.kill(crun, 'SIGSTOP');
  process.kill(shim, 'SIGKILL');
  process.kill(crun, 'SIGKILL');
  await daemon.end('SIGKILL');
  await daemon.restart();
  assert.equal(await initOf(id), init);
  await daemon.ok('exec', id, 'touch', '/go');
  await daemon.ok('wait', id);
  assert.equal(await daemon.ok('logs', id), 'one\ntwo');
  await daemon.ok('rm', id);
});

test('a container writes on while its engine and its shim are dead, and all of it is logged', async () => {
  const script =
    'while [ ! -e /go ]; do sleep 0.02; done; echo alone; touch /told; while [ ! -e /end ]; do sleep 0.02; done';
  const id = await daemon.ok('run', '-d', image, 'sh', '-c', script);
  const init = await initOf(id);
  const shim = shimOf(id);
  await daemon.end('SIGKILL');
  process.kill(shim, 'SIGKILL');
  await until('the shim is gone', () => !isAlive(shim));
  writeFileSync(`/proc/${init}/root/go`, '');
  await until('it has written', () => existsSync(`/proc/${init}/root/told`));
  await daemon.restart();
  await daemon.ok('exec', id, 'touch', '/end');
  await daemon.ok('wait', id);
  assert.equal(await daemon.ok('logs', id), 'alone');
  await daemon.ok('rm', id);
});

test('an OOM kill is told as one: in inspect, in the exit code, as an event', async () => {
  const id = await daemon.ok('run', '-d', '-m', '16m', image, 'dd', 'if=/dev/zero', 'of=/dev/null', 'bs=64M');
  assert.equal(await daemon.ok('wait', id), '137');
  assert.equal(await inspect(id, '{{.State.OOMKilled}} {{.State.ExitCode}}'), 'true 137');
  assert.match(await eventsOf(id), /container oom /);
  await daemon.ok('rm', id);
});

test('a process that runs out of memory beside init is told too, and init goes on', async () => {
  const id = await daemon.ok('run', '-d', '-m', '16m', image, 'sleep', '1000');
  const hungry = await daemon.docker(['exec', id, 'dd', 'if=/dev/zero', 'of=/dev/null', 'bs=64M']);
  assert.equal(hungry.exitCode, 137);
  await until('the event is told', async () => /container oom /.test(await eventsOf(id)));
  assert.equal(await inspect(id, '{{.State.Status}}'), 'running');
  await daemon.ok('rm', '-f', id);
});

test('a container that writes while no engine runs waits when its pipe is full, and all of it is logged', async () => {
  const script = 'while [ ! -e /go ]; do sleep 0.02; done; seq 1 400000; exit 5';
  const id = await daemon.ok('run', '-d', image, 'sh', '-c', script);
  const init = await initOf(id);
  await daemon.end('SIGKILL');
  writeFileSync(`/proc/${init}/root/go`, '');
  await until('the pipe is full', () => /^(pipe_write|anon_pipe_write)/.test(waitingIn(init)));
  await daemon.restart();
  assert.equal(await daemon.ok('wait', id), '5');
  const { stdout } = await daemon.gantry(['logs', id]);
  assert.equal(stdout, Array.from({ length: 400_000 }, (_, index) => `${index + 1}\n`).join(''));
  await daemon.ok('rm', id);
});

/** Kernel function that a process or one of its children sleeps in (proc_pid_wchan(5)). */
function waitingIn(pid: number): string {
  return [...childrenOf(pid), pid].map((each) => readFileSync(`/proc/${each}/wchan`, 'utf8')).join(' ');
}

test('SIGTERM while a hundred containers run ends the engine and no container', async () => {
  const ids = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const request = { Image: image, Cmd: ['sleep', '1000'] };
      const { Id: id } = await createContainer(daemon.api, request, { name: `many-${index}` });
      await startContainer(daemon.api, id);
      return id;
    }),
  );
  const pids = await daemon.ok('inspect', '-f', '{{.State.Pid}}', ...ids);
  await daemon.end('SIGTERM');
  assert.ok(pids.split('\n').every((pid) => isAlive(Number(pid))));
  await daemon.restart();
  assert.equal(await daemon.ok('inspect', '-f', '{{.State.Pid}}', ...ids), pids);
  assert.equal(await daemon.ok('exec', 'many-99', 'echo', 'alive'), 'alive');
  await daemon.ok('rm', '-f', ...ids);
});
