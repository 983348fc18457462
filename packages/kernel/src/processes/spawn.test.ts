import assert from 'node:assert/strict';
import { constants, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { closeDescriptor, readDescriptor } from './descriptors.ts';
import { ProcessHandle, reapChild, type WaitStatus } from './pidfd.ts';
import { makePipe } from './pipes.ts';
import { ReadinessPoller } from './readiness.ts';
import { type SpawnDescriptor, spawnProcess } from './spawn.ts';

const nothing: SpawnDescriptor = { path: '/dev/null', flags: constants.O_RDWR };

test('a child gets the descriptors, environment and directory it was given and nothing else', async () => {
  const ignored = (): void => {};
  process.on('SIGUSR2', ignored);
  const script =
    'pwd; echo "$A"; echo "$1"; ls /proc/self/fd | tr "\\n" " "; grep -E "Sig(Blk|Ign)" /proc/self/status; cut -d" " -f1,6 /proc/$$/stat';
  const { output, status, pid } = await run(script, ['x y'], ['PATH=/usr/bin:/bin', 'A=é b']);
  process.off('SIGUSR2', ignored);
  const lines = output.trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, 3), ['/usr', 'é b', 'x y']);
  // 3 is the directory that ls itself opened.
  assert.equal(lines[3], '0 1 2 3 SigBlk:\t0000000000000000');
  assert.equal(lines[4], 'SigIgn:\t0000000000000000');
  assert.equal(lines[5], `${pid} ${pid}`);
  assert.deepEqual(status, { exitCode: 0 });
});

test('exit codes and signals come back, once, and no zombie stays', async () => {
  assert.deepEqual((await run('exit 7')).status, { exitCode: 7 });
  const killed = await run('kill -9 $$');
  assert.deepEqual(killed.status, { exitCode: 137, signal: 9 });
  assert.equal(reapChild(killed.pid), undefined);
  assert.equal(ProcessHandle.find(killed.pid), undefined);
});

test('sources that lie among the targets keep their meaning', async () => {
  const first = makePipe();
  const second = makePipe();
  const script = 'echo one >&3; echo two >&4';
  const pid = await spawnProcess({
    file: '/bin/sh',
    args: ['-c', script],
    env: [],
    descriptors: [nothing, nothing, nothing, second.writeEnd, first.writeEnd],
  });
  await ended(pid);
  assert.equal(drain(second), 'one\n');
  assert.equal(drain(first), 'two\n');
});

test('a missing program is named', async () => {
  await assert.rejects(
    spawnProcess({ file: '/nowhere/program', args: [], env: [], descriptors: [nothing] }),
    /posix_spawn \/nowhere\/program: ENOENT/,
  );
});

test('a process handle signals its process, sees it dead and gives its descriptors', async () => {
  const pid = await spawnProcess({
    file: '/bin/sleep',
    args: ['1000'],
    env: [],
    descriptors: [{ path: '/proc/self/stat', flags: constants.O_RDONLY }, nothing, nothing],
  });
  using handle = new ProcessHandle(pid);
  assert.equal(handle.isAlive(), true);
  assert.equal(handle.takeDescriptor(99), undefined);
  const taken = handle.takeDescriptor(0) ?? -1;
  assert.match(readFileSync(taken, 'utf8'), /^\d+ \(/);
  closeDescriptor(taken);
  assert.equal(handle.signal(15), true);
  using poller = new ReadinessPoller();
  await poller.ready(handle.descriptor, 'readable');
  assert.equal(handle.isAlive(), false);
  assert.deepEqual(reapChild(pid), { exitCode: 143, signal: 15 });
  assert.equal(handle.signal(15), false);
});

async function run(
  script: string,
  args: string[] = [],
  env: string[] = ['PATH=/usr/bin:/bin'],
): Promise<{ output: string; status: WaitStatus | undefined; pid: number }> {
  const pipe = makePipe();
  const pid = await spawnProcess({
    file: '/bin/sh',
    args: ['-c', script, 'sh', ...args],
    env,
    directory: '/usr',
    descriptors: [nothing, pipe.writeEnd, nothing],
  });
  const status = await ended(pid);
  return { output: drain(pipe), status, pid };
}

async function ended(pid: number): Promise<WaitStatus | undefined> {
  using handle = new ProcessHandle(pid);
  using poller = new ReadinessPoller();
  await poller.ready(handle.descriptor, 'readable');
  return reapChild(pid);
}

function drain(pipe: { readEnd: number; writeEnd: number }): string {
  closeDescriptor(pipe.writeEnd);
  const buffer = new Uint8Array(65536);
  const count = readDescriptor(pipe.readEnd, buffer);
  closeDescriptor(pipe.readEnd);
  return Buffer.from(buffer.subarray(0, Number(count))).toString();
}
