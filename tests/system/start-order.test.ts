import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
const crowd = 12;

test('with the engine many containers start again, each after those whose namespaces it joins', async () => {
  await using daemon = await TestDaemon.start(['--live-restore=false']);
  await loadBusybox(daemon);
  const run = (name: string, ...flags: string[]): Promise<string> =>
    daemon.ok('run', '-d', '--restart', 'always', '--name', name, ...flags, image, 'sleep', '1000');
  /** Later names come first in a list, and would start first. */
  const joining: string[] = [];
  await run('donor', '--network', 'none', '--ipc', 'shareable', '--stop-signal', 'KILL');
  for (let index = 0; index < crowd; index += 1) {
    const donor = joining.at(-1) ?? 'donor';
    const joins = [`--network=container:${donor}`, `--pid=container:${donor}`, '--ipc=container:donor'];
    joining.push(`joining${index}`);
    await run(`joining${index}`, '--stop-signal', 'KILL', ...joins);
  }
  const running = async (): Promise<string[]> => {
    const names = await daemon.ok('ps', '--filter', 'status=running', '--format', '{{.Names}}');
    return names.split('\n').sort();
  };
  const all = ['donor', ...joining].sort();
  assert.deepEqual(await running(), all);
  await daemon.end('SIGTERM');
  await daemon.restart(['--live-restore=false']);
  await until('all run again', async () => (await running()).length === all.length);
  assert.deepEqual(await running(), all);
  assert.doesNotMatch(daemon.log, /a restart by policy failed/);
});
