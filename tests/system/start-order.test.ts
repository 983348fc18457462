import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspectContainer, listContainers } from '@gantry/client';
import { loadBusybox } from '../support/busybox-image.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
const flags = ['--live-restore=false'];
const joining = ['joining0', 'joining1', 'joining2', 'joining3', 'joining4', 'joining5'];
const names = ['donor', ...joining];
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start(flags);
  await loadBusybox(daemon);
  const run = (name: string, ...options: string[]): Promise<string> =>
    daemon.ok(
      'run',
      '-d',
      '--restart',
      'always',
      '--stop-signal',
      'KILL',
      '--name',
      name,
      ...options,
      image,
      'sleep',
      '1000',
    );
  await run('donor', '--network', 'none', '--ipc', 'shareable');
  // Each joins the one before it; in a list, newest first, that is the wrong way round.
  for (const [index, name] of joining.entries()) {
    const other = joining[index - 1] ?? 'donor';
    await run(name, `--network=container:${other}`, `--pid=container:${other}`, '--ipc=container:donor');
  }
});
after(() => daemon[Symbol.asyncDispose]());

async function runningSince(): Promise<Map<string, string>> {
  const running = await listContainers(daemon.api, { all: false });
  const all = await Promise.all(running.map(({ Id: id = '' }) => inspectContainer(daemon.api, id)));
  return new Map(all.map(({ Name: name = '', State: state }) => [name.slice(1), state?.StartedAt ?? '']));
}

/** Runs what ends all containers, and waits until each runs again. */
async function allStartAgain(ending: () => Promise<void>): Promise<void> {
  const before = await runningSince();
  assert.deepEqual([...before.keys()].sort(), names);
  await ending();
  await until(
    'all run again',
    async () => {
      const now = await runningSince();
      return names.every((name) => now.has(name) && now.get(name) !== before.get(name));
    },
    60_000,
  );
  assert.doesNotMatch(daemon.log, /a restart by policy failed/);
}

test('with the engine containers start again, each after those whose namespaces it joins', async () => {
  await allStartAgain(async () => {
    await daemon.end('SIGTERM');
    await daemon.restart(flags);
  });
});

test('containers that end with the one whose namespaces they join come back after it', async () => {
  await allStartAgain(async () => {
    const { State: state } = await inspectContainer(daemon.api, 'donor');
    process.kill(state?.Pid ?? assert.fail(), 'SIGKILL');
  });
});

test('they come back with the next engine where they ended while none ran', async () => {
  await allStartAgain(async () => {
    const { State: state } = await inspectContainer(daemon.api, 'donor');
    await daemon.end('SIGKILL');
    process.kill(state?.Pid ?? assert.fail(), 'SIGKILL');
    await daemon.restart(flags);
  });
});
