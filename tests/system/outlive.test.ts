import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

async function killAndRestart(): Promise<void> {
  await daemon.end('SIGKILL');
  await daemon.restart();
}

function numbers(count: number): string {
  return Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('');
}

describe('when gantryd is killed', () => {
  test('output that is written meanwhile is in the log, each line once', async () => {
    const count = 60_000;
    const id = await daemon.ok(
      'run',
      '-d',
      image,
      'sh',
      '-c',
      `i=0; while [ $i -lt ${count} ]; do i=$((i+1)); echo $i; done`,
    );
    for (let round = 0; round < 4; round += 1) await killAndRestart();
    assert.equal(await daemon.ok('wait', id), '0');
    const { stdout } = await daemon.gantry(['logs', id]);
    assert.equal(stdout, numbers(count));
  });

  test('an exit that nobody saw has its code and its last output', async () => {
    const script = 'while [ ! -e /go ]; do sleep 0.02; done; echo last words; exit 9';
    const id = await daemon.ok('run', '-d', image, 'sh', '-c', script);
    const pid = Number(await daemon.ok('inspect', '-f', '{{.State.Pid}}', id));
    await daemon.end('SIGKILL');
    writeFileSync(`/proc/${pid}/root/go`, '');
    await untilGone(pid);
    await daemon.restart();
    assert.equal(await daemon.ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', id), 'exited 9');
    assert.equal(await daemon.ok('logs', id), 'last words');
  });

  test('containers go on, with their ports, execs and restart counts', async () => {
    await daemon.ok(
      'run',
      '-d',
      '--name',
      'web',
      '-p',
      '127.0.0.1::80',
      image,
      'sh',
      '-c',
      'echo page > /index.html; exec httpd -f -h /',
    );
    const pid = await daemon.ok('inspect', '-f', '{{.State.Pid}}', 'web');
    const address = await daemon.ok('port', 'web', '80');
    await killAndRestart();
    assert.equal(await daemon.ok('inspect', '-f', '{{.State.Pid}} {{.State.Running}}', 'web'), `${pid} true`);
    assert.equal(await daemon.ok('port', 'web', '80'), address);
    const page = await fetch(`http://${address}/`);
    assert.equal(await page.text(), 'page\n');
    assert.equal(await daemon.ok('exec', 'web', 'cat', '/index.html'), 'page');
    await daemon.ok('rm', '-f', 'web');
  });

  test('a container with open input and one with a terminal still take input', async () => {
    const id = await daemon.ok('run', '-di', image, 'sh', '-c', 'read line; echo got $line');
    const terminal = await daemon.ok('run', '-dit', image, 'sh');
    await killAndRestart();
    const attached = await daemon.gantry(['attach', id], { stdin: 'hello\n' });
    assert.match(attached.stdout, /got hello\n/);
    assert.equal(await daemon.ok('wait', id), '0');
    const docker = spawn(
      'script',
      ['-qec', `docker -H unix://${daemon.socketPath} attach ${terminal}`, '/dev/null'],
      {
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
    docker.stdin.write('echo $((40 + 2)); exit 3\n');
    let seen = '';
    docker.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await once(docker, 'close');
    assert.match(seen, /42/);
    assert.equal(await daemon.ok('wait', terminal), '3');
  });

  test('a stop that was under way leaves the container stopped or running, never in between', async () => {
    const id = await daemon.ok('run', '-d', '--stop-signal', 'USR1', image, 'sleep', '1000');
    const stopping = daemon.gantry(['stop', '-t', '30', id]);
    await daemon.end('SIGKILL');
    await stopping;
    await daemon.restart();
    const state = await daemon.ok('inspect', '-f', '{{.State.Status}}', id);
    assert.ok(['running', 'exited'].includes(state), state);
    await daemon.ok('stop', '-t', '0', id);
    assert.equal(await daemon.ok('inspect', '-f', '{{.State.Status}}', id), 'exited');
  });

  test('starts at that moment are whole or undone', async () => {
    for (const delayMs of [1, 4, 8, 12, 20, 40]) {
      const id = await daemon.ok('create', image, 'sh', '-c', 'echo started; sleep 1000');
      const starting = daemon.gantry(['start', id]);
      await once(AbortSignal.timeout(delayMs + 40), 'abort');
      await killAndRestart();
      await starting;
      const state = await daemon.ok('inspect', '-f', '{{.State.Status}}', id);
      assert.ok(['running', 'created', 'exited'].includes(state), state);
      if (state !== 'running') await daemon.ok('start', id);
      assert.equal(await daemon.ok('exec', id, 'echo', 'alive'), 'alive');
      await daemon.ok('rm', '-f', id);
    }
  });

  test('a --rm container that ended meanwhile is removed', async () => {
    const id = await daemon.ok('run', '-d', '--rm', image, 'sleep', '1000');
    const pid = Number(await daemon.ok('inspect', '-f', '{{.State.Pid}}', id));
    await daemon.end('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
    await daemon.restart();
    assert.equal(await daemon.ok('ps', '-aq', '--no-trunc', '--filter', `id=${id}`), '');
  });
});

/** Resolves when the process has ended. */
async function untilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await once(AbortSignal.timeout(20), 'abort');
  }
}
