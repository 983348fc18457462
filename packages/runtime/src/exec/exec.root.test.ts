import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecProcess, ExecRequest } from '@gantry/runtime';
import { ContainerPausedError, ProcessGoneError, StartFailedError } from '@gantry/runtime';
import { collect, type RuntimeFixture, runtimeFixture } from '@gantry/runtime/testing';

let fixture: RuntimeFixture;
let count = 0;

before(async () => {
  fixture = await runtimeFixture('exec');
  await fixture.start(['sleep', '1000'], { containerId: 'box' });
});
after(() => fixture[Symbol.asyncDispose]());

test('an exec runs in the container and gives its output and exit code', async () => {
  const exec = await run(['sh', '-c', 'hostname; echo err >&2; exit 3']);
  assert.deepEqual(await outputOf(exec), { stdout: 'box\n', stderr: 'err\n' });
  assert.equal((await exec.exited).exitCode, 3);
});

test('an exec killed by a signal ends with 128 and the signal', async () => {
  const exec = await run(['sh', '-c', 'kill -9 $$']);
  assert.equal((await exec.exited).exitCode, 137);
  assert.deepEqual(await outputOf(exec), { stdout: '', stderr: '' });
});

test('an exec that is killed leaves nobody that it has forked', async () => {
  const exec = await run(['sh', '-c', 'i=0; while [ $i -lt 500 ]; do sleep 1000 & i=$((i+1)); done; wait']);
  const forked = (): number => fixture.runtime.processIds('box').length;
  while (forked() < 20) await delay(1);
  await exec.kill();
  await exec.exited;
  while (forked() > 1) await delay(1);
  await exec.kill();
  await exec.release();
});

test('what cannot be started is refused with 126 or 127 and the command', async () => {
  await assert.rejects(
    run(['missing']),
    isFailure(127, /exec: "missing": executable file not found in \$PATH/),
  );
  await assert.rejects(
    run(['/bin/missing']),
    isFailure(127, /"\/bin\/missing": .*no such file or directory/),
  );
  await assert.rejects(run(['/etc/passwd']), isFailure(126, /"\/etc\/passwd": permission denied/));
  await assert.rejects(run(['/etc']), isFailure(126, /is a directory/));
  await assert.rejects(run(['true'], { cwd: '/nowhere' }), isFailure(127, /chdir to cwd \("\/nowhere"\)/));
});

test('input reaches the process, and so does its end', async () => {
  const exec = await run(['sh', '-c', 'cat; echo done'], { stdin: true });
  await exec.stdin?.write(Buffer.from('hello\n'));
  await exec.stdin?.write(Buffer.from('world\n'));
  exec.stdin?.end();
  assert.equal((await outputOf(exec)).stdout, 'hello\nworld\ndone\n');
});

test('input that nobody reads waits and is given up when the process ends', async () => {
  const exec = await run(['sleep', '0.2'], { stdin: true });
  const writing = exec.stdin?.write(Buffer.alloc(1 << 20));
  await assert.rejects(writing ?? Promise.resolve(), { code: 'input-closed' });
  await exec.exited;
});

test('two hundred execs without input leave nothing behind', async () => {
  for (let round = 0; round < 25; round += 1) {
    const execs = await Promise.all(Array.from({ length: 8 }, () => run(['true'])));
    for (const exec of execs) assert.equal((await exec.exited).exitCode, 0);
  }
});

test('an exec with a terminal has one, of the size asked for, and can be resized', async () => {
  const exec = await run(['sh', '-c', 'tty; stty size; read line; stty size; echo $line'], {
    terminal: { rows: 10, columns: 20 },
    stdin: true,
  });
  const reading = outputOf(exec);
  exec.resize({ rows: 30, columns: 40 });
  await exec.stdin?.write(Buffer.from('typed\n'));
  const { stdout } = await reading;
  assert.match(stdout, /\/dev\/pts\/\d+\r\n/);
  assert.match(stdout, /30 40\r\n/);
  assert.match(stdout, /typed\r\n$/);
  exec.resize({ rows: 1, columns: 1 });
});

test('a process left behind by an exec does not hold up its end', async () => {
  const exec = await run(['sh', '-c', 'sleep 1000 & echo started']);
  assert.equal((await outputOf(exec)).stdout, 'started\n');
  assert.equal((await exec.exited).exitCode, 0);
});

test('output of an exec is whole and in order while nobody reads for a time', async () => {
  const exec = await run(['seq', '1', '200000']);
  const { stdout } = await outputOf(exec);
  assert.equal(stdout.length, 1_288_895);
  assert.ok(stdout.endsWith('\n199999\n200000\n'));
});

test('the exec of another user does not get the null device of the host', async () => {
  const exec = await run(['id', '-u'], { user: { uid: 65534, gid: 65534 } });
  assert.equal((await outputOf(exec)).stdout, '65534\n');
  assert.equal(statSync('/dev/null').uid, 0);
});

test('nothing is run in a paused container, nor in one that ended', async () => {
  await fixture.runtime.pause('box');
  await assert.rejects(run(['true']), ContainerPausedError);
  await fixture.runtime.resume('box');
  const ended = await fixture.start(['true'], { containerId: 'ended' });
  await collect(ended);
  await ended.exited;
  await assert.rejects(run(['true'], { containerId: 'ended' }), ProcessGoneError);
});

interface Options {
  containerId?: string;
  stdin?: boolean;
  terminal?: { rows: number; columns: number };
  cwd?: string;
  user?: { uid: number; gid: number };
}

function run(args: string[], options: Options = {}): Promise<ExecProcess> {
  const { process } = fixture.request('unused', args).spec;
  const request: ExecRequest = {
    containerId: options.containerId ?? 'box',
    execId: `e${(count += 1)}`,
    process: {
      ...process,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.user ? { user: options.user } : {}),
    },
    stdin: options.stdin ?? false,
    ...(options.terminal ? { terminal: options.terminal } : {}),
  };
  return fixture.runtime.exec(request);
}

async function outputOf(exec: ExecProcess): Promise<{ stdout: string; stderr: string }> {
  const text = { stdout: '', stderr: '' };
  for await (const { stream, data } of exec.output) text[stream] += Buffer.from(data).toString();
  return text;
}

function isFailure(exitCode: number, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StartFailedError, String(error));
    assert.equal(error.exitCode, exitCode);
    assert.match(error.message, message);
    return true;
  };
}
