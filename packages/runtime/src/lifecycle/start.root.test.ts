import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { AlreadyStartedError, InvalidIdError, StartFailedError } from '@gantry/runtime';
import { collect, type RuntimeFixture, runtimeFixture } from '@gantry/runtime/testing';

let fixture: RuntimeFixture;

before(async () => {
  fixture = await runtimeFixture('start');
});
after(() => fixture[Symbol.asyncDispose]());

test('a container runs, prints on both streams and gives its exit code', async () => {
  const process = await fixture.start(['sh', '-c', 'echo out; echo err >&2; exit 7']);
  const output = await collect(process);
  assert.deepEqual([output.stdout, output.stderr], ['out\n', 'err\n']);
  const status = await process.exited;
  assert.equal(status.exitCode, 7);
  assert.equal(status.outOfMemory, false);
  assert.ok(process.startedAt <= status.at);
});

test('a signal that ends init is told as 128 and the signal', async () => {
  const process = await fixture.start(['sleep', '1000'], { containerId: 'signalled' });
  fixture.runtime.kill('signalled', 9);
  assert.equal((await process.exited).exitCode, 137);
  assert.throws(() => fixture.runtime.kill('signalled', 9), { code: 'process-gone' });
});

test('what cannot be started is refused with 126 or 127, the command is named, and nothing is left', async () => {
  writeFileSync(path.join(fixture.rootfs, 'etc/readable'), '#!/bin/sh\n', { mode: 0o644 });
  await assert.rejects(
    fixture.start(['missing']),
    isFailure(127, /exec: "missing": executable file not found in \$PATH/),
  );
  await assert.rejects(
    fixture.start(['/bin/missing']),
    isFailure(127, /"\/bin\/missing".*no such file or directory/),
  );
  await assert.rejects(
    fixture.start(['/etc/readable']),
    isFailure(126, /"\/etc\/readable": permission denied/),
  );
  await assert.rejects(fixture.start(['/etc']), isFailure(126, /is a directory: permission denied/));
  const workingDirectory = '/etc/passwd';
  await assert.rejects(
    fixture.start(['true'], { spec: { workingDirectory } }),
    isFailure(126, /chdir to cwd \("\/etc\/passwd"\).*not a directory/),
  );
  await assert.rejects(
    fixture.start(['missing'], { terminal: { rows: 1, columns: 1 } }),
    isFailure(127, /missing/),
  );
  await assert.rejects(fixture.start(['missing'], { stdin: true }), isFailure(127, /missing/));
  const memory = { resources: { memoryBytes: 64 << 20 } };
  await assert.rejects(fixture.start(['missing'], { spec: memory }), isFailure(127, /missing/));
  assert.deepEqual(
    fixture.runtime.list().filter((id) => !['c1', 'signalled'].includes(id)),
    [],
  );
});

test('a container is started once, and its id is a file name', async () => {
  await fixture.start(['sleep', '1000'], { containerId: 'twice' });
  await assert.rejects(fixture.start(['true'], { containerId: 'twice' }), AlreadyStartedError);
  await assert.rejects(fixture.start(['true'], { containerId: '../x' }), InvalidIdError);
  await assert.rejects(fixture.start(['true'], { containerId: '' }), InvalidIdError);
  await fixture.runtime.remove('twice');
  await fixture.runtime.remove('twice');
  const again = await fixture.start(['true'], { containerId: 'twice' });
  assert.equal((await again.exited).exitCode, 0);
});

test('a start that is given up leaves nothing', async () => {
  for (const delayMs of [0, 1, 3, 6]) {
    const controller = new AbortController();
    const starting = fixture.start(['sleep', '1000'], {
      containerId: 'given-up',
      signal: controller.signal,
      terminal: { rows: 1, columns: 1 },
    });
    setTimeout(() => controller.abort(new Error('enough')), delayMs);
    const outcome = await starting.catch((error: unknown) => error);
    if (outcome instanceof Error) assert.match(outcome.message, /enough/);
    else await fixture.runtime.remove('given-up');
    assert.ok(!fixture.runtime.list().includes('given-up'));
  }
});

test('the first process has three descriptors and no other', async () => {
  const process = await fixture.start(['ls', '/proc/self/fd'], { stdin: true });
  // 3 is the folder that ls reads.
  assert.equal((await collect(process)).stdout, '0\n1\n2\n3\n');
});

test('a process of another user can open its stdout again, and does not get the null device of the host', async () => {
  const script = 'echo again >/dev/stdout; echo error >/dev/stderr; cat; test -c /dev/stdin && echo device';
  const process = await fixture.start(['sh', '-c', script], {
    spec: { user: { uid: 1000, gid: 1000, additionalGids: [] } },
  });
  const { stdout, stderr } = await collect(process);
  assert.equal(stdout, 'again\ndevice\n');
  assert.equal(stderr, 'error\n');
  assert.equal(statSync('/dev/null').uid, 0);
});

test('input reaches the process in order, and so does its end', async () => {
  const process = await fixture.start(['sh', '-c', 'cat; echo done'], { stdin: true });
  const lines = Array.from({ length: 2000 }, (_, index) => `${index} ${'x'.repeat(100)}\n`);
  const writing = Promise.all(lines.map(async (line) => process.stdin?.write(Buffer.from(line))));
  process.stdin?.end();
  process.stdin?.end();
  assert.equal((await collect(process)).stdout, `${lines.join('')}done\n`);
  await writing;
  await assert.rejects(process.stdin?.write(Buffer.from('x')) ?? Promise.resolve(), { code: 'input-closed' });
});

test('input that the container never reads waits, and is given up by a signal or the end', async () => {
  const process = await fixture.start(['sleep', '1000'], { containerId: 'deaf', stdin: true });
  const giveUp = AbortSignal.timeout(50);
  const first = process.stdin?.write(Buffer.alloc(4 << 20), giveUp) ?? Promise.resolve();
  const second = process.stdin?.write(Buffer.alloc(1)) ?? Promise.resolve();
  await assert.rejects(first, { name: 'TimeoutError' });
  const third = assert.rejects(second, { code: 'input-closed' });
  fixture.runtime.kill('deaf', 9);
  await process.exited;
  await third;
});

test('a terminal has its first size, is resized, echoes input, and gives all output', async () => {
  const script = 'stty size; read line; stty size; test -t 0 && test -t 1 && test -t 2 && echo terminal';
  const process = await fixture.start(['sh', '-c', script], {
    terminal: { rows: 7, columns: 9 },
    stdin: true,
  });
  const reading = collect(process);
  await process.stdin?.write(Buffer.from('x\n'));
  const { stdout, stderr } = await reading;
  assert.match(stdout, /7 9\r\n/);
  assert.match(stdout, /terminal\r\n$/);
  assert.equal(stderr, '');
  assert.equal((await process.exited).exitCode, 0);
  process.resize({ rows: 1, columns: 1 });
});

test('a container without a terminal cannot be resized', async () => {
  const process = await fixture.start(['true']);
  assert.throws(() => process.resize({ rows: 1, columns: 1 }), { code: 'no-terminal' });
});

test('pause stops every process, resume lets them go on', async () => {
  const process = await fixture.start(['sh', '-c', 'while :; do echo x; done'], { containerId: 'paused' });
  await fixture.runtime.pause('paused');
  await fixture.runtime.pause('paused');
  assert.equal(fixture.runtime.isPaused('paused'), true);
  assert.ok(fixture.runtime.processIds('paused').every((pid) => /^State:\s+D/m.test(statusOf(pid))));
  await fixture.runtime.resume('paused');
  assert.equal(fixture.runtime.isPaused('paused'), false);
  await fixture.runtime.pause('paused');
  await fixture.runtime.remove('paused');
  assert.equal((await process.exited).exitCode, 137);
});

test('the pids of all processes are told, as the host sees them', async () => {
  const process = await fixture.start(['sh', '-c', 'sleep 1000 & sleep 1000 & wait'], {
    containerId: 'many',
  });
  const exec = await fixture.runtime.exec({
    containerId: 'many',
    execId: 'many-1',
    process: fixture.request('x', ['sleep', '1000']).spec.process,
    stdin: false,
  });
  const pids = fixture.runtime.processIds('many');
  assert.ok(pids.includes(process.pid) && pids.includes(exec.pid));
  await fixture.runtime.remove('many');
  assert.deepEqual(
    readdirSync('/proc').filter((entry) => pids.includes(Number(entry))),
    [],
  );
});

test('an OOM kill is told while it happens and with the exit', async () => {
  const process = await fixture.start(
    ['sh', '-c', 'head -c 100m /dev/zero | tail -c 90m >/dev/null; echo survived'],
    {
      spec: { resources: { memoryBytes: 16 << 20, memorySwapBytes: 16 << 20 } },
    },
  );
  let told = 0;
  process.onOutOfMemory(() => (told += 1));
  assert.equal((await collect(process)).stdout, 'survived\n');
  assert.equal((await process.exited).outOfMemory, true);
  assert.ok(told > 0);
});

test('an OOM kill of init itself is told, to the next engine too', async () => {
  const spec = { resources: { memoryBytes: 16 << 20, memorySwapBytes: 16 << 20 } };
  const args = ['sh', '-c', 'read go; exec tail -c 90m /dev/zero'];
  const process = await fixture.start(args, { containerId: 'greedy', stdin: true, spec });
  await process.stdin?.write(Buffer.from('go\n'));
  fixture.restart();
  const adopted = await fixture.runtime.adopt('greedy');
  const status = await adopted?.exited;
  assert.deepEqual([status?.exitCode, status?.outOfMemory], [137, true]);
});

test('a container with a limit that it keeps is not told to be out of memory', async () => {
  const spec = { resources: { memoryBytes: 64 << 20 } };
  const process = await fixture.start(['true'], { containerId: 'modest', spec });
  assert.equal((await process.exited).outOfMemory, false);
  fixture.restart();
  const adopted = await fixture.runtime.adopt('modest');
  assert.equal((await adopted?.exited)?.outOfMemory, false);
});

test('192 MB without a newline pass through bounded memory, and a reader that waits stops the writer', async () => {
  const sizeBytes = 192 << 20;
  const process = await fixture.start(['sh', '-c', `head -c ${sizeBytes} /dev/zero | tr '\\0' x`], {
    containerId: 'long-line',
  });
  const before = globalThis.process.memoryUsage.rss();
  let count = 0;
  let worst = 0;
  for await (const { data, position } of process.output.read({ stdout: 0, stderr: 0 })) {
    count += data.length;
    process.output.release(position);
    worst = Math.max(worst, globalThis.process.memoryUsage.rss() - before);
    const files = readdirSync(path.join(fixture.execRoot, 'containers/long-line'));
    const spooled = files
      .filter((name) => name.includes('spool'))
      .map((name) => statSync(path.join(fixture.execRoot, 'containers/long-line', name)).size)
      .reduce((sum, size) => sum + size, 0);
    assert.ok(spooled <= 3 << 20, `${spooled} bytes are spooled`);
  }
  assert.equal(count, sizeBytes);
  assert.ok(worst < 128 << 20, `${worst} bytes more memory`);
});

test('output that is read and not released stops at 4 MB and goes on with a release', async () => {
  const process = await fixture.start(['sh', '-c', 'head -c 20m /dev/zero']);
  const reader = process.output.read({ stdout: 0, stderr: 0 })[Symbol.asyncIterator]();
  let position = { stdout: 0, stderr: 0 };
  let pending = reader.next();
  for (;;) {
    const stalled = new Promise<'stalled'>((resolve) => setTimeout(() => resolve('stalled'), 300));
    const next = await Promise.race([pending, stalled]);
    if (next === 'stalled' && position.stdout >= 3 << 20) break;
    if (next === 'stalled') continue;
    if (next.done !== true) position = next.value.position;
    pending = reader.next();
  }
  assert.ok(position.stdout >= 3 << 20 && position.stdout <= 5 << 20, `stalled at ${position.stdout}`);
  process.output.release(position);
  for (let next = await pending; next.done !== true; next = await reader.next()) {
    position = next.value.position;
    process.output.release(position);
  }
  assert.equal(position.stdout, 20 << 20);
});

test('the output has one reader at a time, and what was not released is read again', async () => {
  const process = await fixture.start(['sh', '-c', 'echo one; echo two']);
  await process.exited;
  for await (const chunk of process.output.read({ stdout: 0, stderr: 0 })) {
    assert.equal(Buffer.from(chunk.data).toString(), 'one\ntwo\n');
    const second = process.output.read({ stdout: 0, stderr: 0 })[Symbol.asyncIterator]();
    await assert.rejects(second.next(), { code: 'output-taken' });
    break;
  }
  assert.equal((await collect(process, { stdout: 4, stderr: 0 })).stdout, 'two\n');
});

test('nothing but the reader keeps an ended container: its shim goes with the last release', async () => {
  const process = await fixture.start(['true'], { containerId: 'brief' });
  await process.exited;
  await collect(process);
  await fixture.runtime.remove('brief');
  assert.ok(!existsSync(path.join(fixture.execRoot, 'containers/brief')));
  assert.deepEqual(
    readdirSync(path.join(fixture.execRoot, 'events')).filter((name) => name.startsWith('brief')),
    [],
  );
});

function statusOf(pid: number): string {
  return existsSync(`/proc/${pid}/status`) ? String(readFileSync(`/proc/${pid}/status`)) : '';
}

function isFailure(exitCode: number, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StartFailedError, String(error));
    assert.equal(error.exitCode, exitCode);
    assert.match(error.message, message);
    return true;
  };
}
