import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createExec, resizeContainer, resizeExec } from '@gantry/client';
import { loadBusybox } from '../support/busybox-image.ts';
import { peakResidentBytes } from '../support/footprint.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
const mebibyte = 1024 * 1024;
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

/** Runs `work` and asserts that the engine's peak memory grew by less than `limitBytes`. */
async function withinMemory(limitBytes: number, work: () => Promise<void>): Promise<void> {
  const before = peakResidentBytes(daemon.pid);
  await work();
  const grownBytes = peakResidentBytes(daemon.pid) - before;
  assert.ok(grownBytes < limitBytes, `gantryd grew by ${Math.round(grownBytes / mebibyte)} MiB`);
}

/** Bytes of `docker logs`, counted and not kept. */
async function countLogs(id: string): Promise<{ bytes: number; end: string }> {
  const docker = spawn('docker', ['-H', `unix://${daemon.socketPath}`, 'logs', id], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let bytes = 0;
  let end = '';
  docker.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    end = (end + chunk.subarray(-16).toString()).slice(-16);
  });
  await once(docker, 'close');
  return { bytes, end };
}

/** Sends a request and never reads the answer. */
async function silentClient(request: string): Promise<Socket> {
  const socket = connect(daemon.socketPath);
  socket.pause();
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(request);
  return socket;
}

test('a line of 64 MB without a newline is logged whole, in little memory', { timeout: 60_000 }, async () => {
  await withinMemory(128 * mebibyte, async () => {
    const script = 'head -c 67108864 /dev/zero | tr "\\0" x; echo; echo after';
    const id = await daemon.ok('run', '-d', '--log-opt', 'max-size=1g', image, 'sh', '-c', script);
    assert.equal(await daemon.ok('wait', id), '0');
    assert.deepEqual(await countLogs(id), { bytes: 64 * mebibyte + 7, end: `${'x'.repeat(9)}\nafter\n` });
    await daemon.ok('rm', id);
  });
});

test('clients that never read hold up neither the container nor the engine', {
  timeout: 60_000,
}, async () => {
  // Any one of them would make the engine hold 120 MB; the log alone costs it some garbage.
  await withinMemory(192 * mebibyte, async () => {
    const line = 'x'.repeat(99);
    const script = `while [ ! -e /go ]; do sleep 0.02; done; yes ${line} | head -c 120000000; echo end`;
    const id = await daemon.ok('run', '-d', '--log-opt', 'max-size=1g', image, 'sh', '-c', script);
    const clients = await Promise.all([
      silentClient(
        `POST /containers/${id}/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
      ),
      silentClient(`GET /containers/${id}/logs?follow=1&stdout=1 HTTP/1.1\r\nHost: x\r\n\r\n`),
      silentClient('GET /events HTTP/1.1\r\nHost: x\r\n\r\n'),
    ]);
    await daemon.ok('exec', id, 'touch', '/go');
    assert.equal(await daemon.ok('wait', id), '0');
    const { bytes, end } = await countLogs(id);
    assert.deepEqual({ bytes, end: end.slice(-5) }, { bytes: 120_000_004, end: '\nend\n' });
    assert.equal(await daemon.ok('run', '--rm', image, 'echo', 'serves'), 'serves');
    for (const client of clients) client.destroy();
    await daemon.ok('rm', id);
  });
});

test('a container that never reads its input holds up its client, not the engine', async () => {
  await withinMemory(64 * mebibyte, async () => {
    const args = ['-H', `unix://${daemon.socketPath}`, 'run', '-i', '--name', 'deaf', image, 'sleep', '1000'];
    const client = spawn('docker', args, { stdio: ['pipe', 'ignore', 'ignore'] });
    client.stdin.on('error', () => {});
    client.stdin.write(Buffer.alloc(256 * mebibyte));
    await until('it runs', async () => {
      const inspected = await daemon.gantry(['inspect', '-f', '{{.State.Running}}', 'deaf']);
      return inspected.stdout === 'true\n';
    });
    assert.equal(await daemon.ok('exec', 'deaf', 'echo', 'alive'), 'alive');
    assert.ok(client.stdin.writableLength > 128 * mebibyte, 'the client was not held up');
    const closed = once(client, 'close');
    await daemon.ok('rm', '-f', 'deaf');
    assert.equal((await closed)[0], 137);
  });
});

describe('exec', () => {
  test('into a stopped, a created and a paused container is refused by name', async () => {
    const id = await daemon.ok('create', image, 'sleep', '1000');
    for (const program of ['gantry', 'docker'] as const) {
      const refused = await daemon[program](['exec', id, 'true']);
      assert.equal(refused.exitCode, 1);
      assert.match(refused.stderr, new RegExp(`container ${id} is not running`));
      await daemon.ok('start', id);
      await daemon.ok('pause', id);
      const paused = await daemon[program](['exec', id, 'true']);
      assert.equal(paused.exitCode, 1);
      assert.match(
        paused.stderr,
        new RegExp(`container ${id} is paused, unpause the container before exec`, 'i'),
      );
      await daemon.ok('unpause', id);
      assert.equal(await daemon.ok('exec', id, 'echo', 'thawed'), 'thawed');
      await daemon.ok('stop', '-t', '0', id);
    }
    await daemon.ok('rm', id);
  });

  test('that was made before the container stopped is refused afterwards', async () => {
    const id = await daemon.ok('run', '-d', image, 'sleep', '1000');
    const exec = await createExec(daemon.api, id, { Cmd: ['true'], AttachStdout: true });
    await daemon.ok('stop', '-t', '0', id);
    const start = daemon.api.send({ method: 'POST', path: `/exec/${exec}/start`, json: { Detach: true } });
    await assert.rejects(start, /not running|No such exec/);
    await daemon.ok('rm', id);
  });

  test('into a container that is stopping runs, or is refused by name', async () => {
    const script =
      'trap "while [ ! -e /go ]; do sleep 0.02; done; exit 3" TERM; touch /up; while :; do sleep 0.02; done';
    const id = await daemon.ok('run', '-d', image, 'sh', '-c', script);
    const isUp = async (): Promise<boolean> =>
      (await daemon.gantry(['exec', id, 'test', '-e', '/up'])).exitCode === 0;
    await until('it runs', isUp);
    const stopping = daemon.gantry(['stop', '-t', '60', id]);
    assert.equal(await daemon.ok('exec', id, 'echo', 'still'), 'still');
    const storm = Array.from({ length: 10 }, () => daemon.gantry(['exec', id, 'touch', '/go']));
    for (const { exitCode, stdout, stderr } of await Promise.all(storm)) {
      // What fails once the client is attached is told in the output, as Docker does.
      const said = stdout + stderr;
      if (exitCode !== 0 && exitCode !== 137) assert.match(said, /is not running|OCI runtime exec failed/);
    }
    assert.equal((await stopping).exitCode, 0);
    assert.equal(await daemon.ok('wait', id), '3');
    await daemon.ok('rm', id);
  });

  test('ends with 137 when its container is stopped under it', async () => {
    const id = await daemon.ok('run', '-d', image, 'sleep', '1000');
    const client = daemon.docker(['exec', id, 'sh', '-c', 'touch /up; sleep 1000']);
    await until(
      'it runs',
      async () => (await daemon.gantry(['exec', id, 'test', '-e', '/up'])).exitCode === 0,
    );
    await daemon.ok('rm', '-f', id);
    assert.equal((await client).exitCode, 137);
  });
});

test('a resize before the start, after the exit and without a terminal is refused or harmless', async () => {
  const id = await daemon.ok('create', '-t', image, 'sleep', '1000');
  await assert.rejects(resizeContainer(daemon.api, id, 24, 80), new RegExp(`${id} is not running`));
  await daemon.ok('start', id);
  await resizeContainer(daemon.api, id, 24, 80);
  const exec = await createExec(daemon.api, id, { Cmd: ['true'], Tty: true });
  await assert.rejects(resizeExec(daemon.api, exec, 24, 80), new RegExp(exec));
  await daemon.ok('stop', '-t', '0', id);
  await assert.rejects(resizeContainer(daemon.api, id, 24, 80), new RegExp(`${id} is not running`));
  await assert.rejects(resizeContainer(daemon.api, 'nobody', 24, 80), /No such container: nobody/);
  await daemon.ok('rm', id);
});
