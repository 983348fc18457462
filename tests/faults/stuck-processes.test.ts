import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cgroupDirectory, cgroupProcessIds, detectCgroups, removeCgroup } from '@gantry/kernel';
import { busyboxImage as image, loadBusybox } from '../support/busybox-image.ts';
import { isAlive } from '../support/footprint.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const layout = detectCgroups();
let daemon: TestDaemon;
let parent: string;

before(async () => {
  daemon = await TestDaemon.start();
  parent = `/${path.basename(daemon.root)}/stuck`;
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

/** Frozen from above, out of the engine's reach: neither a signal nor a thaw of their own cgroup moves them. */
function freeze(frozen: boolean): void {
  const directory = cgroupDirectory(layout, 'freezer', parent) ?? '';
  const [file, value] =
    layout.version === 1
      ? ['freezer.state', frozen ? 'FROZEN' : 'THAWED']
      : ['cgroup.freeze', frozen ? '1' : '0'];
  writeFileSync(path.join(directory, file), value);
}

test('processes that hang in the kernel hold up nothing but their own end', async () => {
  const stuck = await daemon.ok(
    'run',
    '-d',
    '--name',
    'stuck',
    '--cgroup-parent',
    parent,
    image,
    'sleep',
    '1000',
  );
  const other = await daemon.ok('run', '-d', '--name', 'other', image, 'sleep', '1000');
  freeze(true);
  try {
    let ended = false;
    const stopping = daemon.gantry(['stop', '-t', '0', 'stuck']).finally(() => (ended = true));
    assert.equal(await daemon.ok('ps', '-q', '--no-trunc', '--filter', 'name=stuck'), stuck);
    assert.match(
      await daemon.ok('inspect', '-f', '{{.State.Running}} {{.State.Pid}}', 'stuck'),
      /^true \d+$/,
    );
    assert.match(await daemon.ok('top', 'stuck'), /sleep 1000/);
    assert.match(await daemon.ok('stats', '--no-stream', 'stuck', 'other'), /stuck.*\n.*other/);
    assert.equal(await daemon.ok('logs', 'stuck'), '');
    assert.equal(await daemon.ok('run', '--rm', image, 'echo', 'runs'), 'runs');
    assert.equal(await daemon.ok('exec', other, 'echo', 'answers'), 'answers');
    assert.equal(await daemon.ok('stop', '-t', '0', 'other'), 'other');
    assert.equal(ended, false, 'a process that cannot end has not ended');
    freeze(false);
    assert.equal((await stopping).exitCode, 0);
  } finally {
    freeze(false);
  }
  await daemon.ok('rm', '-f', 'stuck', 'other');
  removeCgroup(layout, parent);
});

test('after a reboot, when no cgroup and no process is left, a container has ended and starts again', async () => {
  const cgroup = (id: string): string => `/${path.basename(daemon.root)}/${id}`;
  const id = await daemon.ok('run', '-d', '-m', '64m', image, 'sleep', '1000');
  const keepers = readdirSync(path.join(daemon.execRoot, 'containers', id))
    .filter((name) => name.endsWith('.pid'))
    .map((name) => Number(readFileSync(path.join(daemon.execRoot, 'containers', id, name), 'utf8')));
  await daemon.end('SIGKILL');
  for (const pid of [...cgroupProcessIds(layout, cgroup(id)), ...keepers]) kill(pid);
  await until(
    'the container is gone',
    () => cgroupProcessIds(layout, cgroup(id)).length === 0 && !keepers.some(isAlive),
  );
  removeCgroup(layout, cgroup(id));
  for (const name of ['containers', 'events', 'execs', 'crun']) {
    rmSync(path.join(daemon.execRoot, name), { recursive: true, force: true });
  }
  await daemon.restart();
  assert.equal(await daemon.ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', id), 'exited 255');
  assert.match(await daemon.ok('stats', '--no-stream', id), /0B \/ 0B/);
  await daemon.ok('update', '--pids-limit', '30', id);
  await daemon.ok('start', id);
  const pids = path.join(
    cgroupDirectory(layout, 'pids', cgroup(id)) ?? '',
    layout.version === 1 ? '' : 'init',
  );
  assert.equal(readFileSync(path.join(pids, 'pids.max'), 'utf8').trim(), '30');
  assert.equal(await daemon.ok('exec', id, 'echo', 'alive'), 'alive');
  await daemon.ok('rm', '-f', id);
  assert.equal(existsSync(pids), false);
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended with the one before.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
