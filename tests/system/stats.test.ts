import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import type { ContainerStatsResponse } from '@gantry/api-types';
import { busyboxImage as image, loadBusybox } from '../support/busybox-image.ts';
import type { Finished } from '../support/processes.ts';
import { programs, TestDaemon } from '../support/test-daemon.ts';

let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

for (const program of programs) {
  const call = (...args: string[]): Promise<Finished> => daemon[program](args);

  describe(`${program} stats`, () => {
    test('shows what a running container uses and zeros of one that does not run', async () => {
      const busy = 'dd if=/dev/zero of=/f bs=1M count=2 conv=fsync 2>/dev/null; while true; do :; done';
      await call('run', '-d', '--name', 'busy', '-m', '64m', image, 'sh', '-c', busy);
      await call('create', '--name', 'idle', image, 'true');
      const format = '{{.Name}} {{.MemUsage}} {{.NetIO}} {{.PIDs}}|{{.CPUPerc}}';
      const { stdout, stderr } = await call('stats', '--no-stream', '--format', format, 'busy', 'idle');
      const [running = '', stopped] = stdout.split('\n');
      assert.match(running, /^busy [\d.]+[KM]iB \/ 64MiB [\d.]+k?B \/ [\d.]+k?B 1\|/, stderr);
      assert.ok(Number.parseFloat(running.split('|')[1] ?? '') > 1, running);
      assert.equal(stopped, 'idle 0B / 0B 0B / 0B 0|0.00%');
      const table = await call('stats', '--no-stream');
      assert.match(
        table.stdout,
        /^CONTAINER ID +NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS\n[0-9a-f]{12} +busy /,
      );
      assert.doesNotMatch(table.stdout, /idle/);
      const all = await call('stats', '--no-stream', '-a', '--no-trunc', '--format', '{{json .}}');
      const rows = all.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { Name: string; ID: string });
      assert.deepEqual(rows.map(({ Name }) => Name).sort(), ['busy', 'idle']);
      assert.ok(rows.every(({ ID }) => ID.length === 64));
      await call('rm', '-f', 'busy', 'idle');
    });

    test('draws a table anew until it is ended', async () => {
      await call('run', '-d', '--name', 'watched', image, 'sleep', '1000');
      const command =
        program === 'docker' ? ['docker'] : [process.execPath, `${import.meta.dirname}/../../dist/gantry.js`];
      const [file = '', ...before] = command;
      const args = [...before, '-H', `unix://${daemon.socketPath}`, 'stats', 'watched'];
      const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      for await (const chunk of child.stdout) {
        text += String(chunk);
        // Drawn, with figures in it, and drawn again.
        if (/watched.*\d%.*watched/s.test(text)) break;
      }
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGTERM');
      await ended;
      assert.ok(text.includes('\u001B[H'));
      await call('rm', '-f', 'watched');
    });

    test('of a container that does not exist fails', async () => {
      const finished = await call('stats', '--no-stream', 'no-such');
      assert.notEqual(finished.exitCode, 0);
      assert.match(finished.stderr, /No such container: no-such/);
    });
  });
}

test('the API answers once or in a stream, which a removal ends', async () => {
  const id = await daemon.ok('run', '-d', '--pids-limit', '50', image, 'sleep', '1000');
  const get = (query: string): Promise<ContainerStatsResponse> =>
    daemon.api.json({ method: 'GET', path: `/containers/${id}/stats${query}` });
  const once = await get('?stream=false&one-shot=true');
  assert.deepEqual([once.id, once.pids_stats], [id, { current: 1, limit: 50 }]);
  assert.equal(once.precpu_stats?.system_cpu_usage, undefined);
  const twice = await get('?stream=false');
  const passed = (twice.cpu_stats?.system_cpu_usage ?? 0) - (twice.precpu_stats?.system_cpu_usage ?? 0);
  assert.ok(passed > 0, 'two measurements');
  await assert.rejects(get('?stream=true&one-shot=true'), /cannot have stream=true and one-shot=true/);
  const { body } = await daemon.api.request({ method: 'GET', path: `/containers/${id}/stats` });
  let removal: Promise<string> | undefined;
  for await (const chunk of body) {
    assert.ok(chunk.length > 0);
    removal ??= daemon.ok('rm', '-f', id);
  }
  await removal;
});
