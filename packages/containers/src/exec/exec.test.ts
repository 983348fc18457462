import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExecCreateRequest } from '@gantry/api-types';
import { ContainerFixture } from '../../testing/index.ts';

const never = new AbortController().signal;

async function execute(
  fixture: ContainerFixture,
  containerId: string,
  request: ExecCreateRequest,
): Promise<{ id: string; output: string; exitCode: number | undefined }> {
  const id = await fixture.containers.execs.create(containerId, {
    AttachStdout: true,
    AttachStderr: true,
    ...request,
  });
  const session = await fixture.containers.execs.start(id, { terminal: false, signal: never });
  let output = '';
  for await (const { data } of session.output) output += Buffer.from(data).toString();
  const { ExitCode: exitCode } = await fixture.containers.execs.inspect(id);
  return { id, output, exitCode };
}

test('an exec prints, ends, and tells its exit code as soon as its output has ended', async () => {
  await using fixture = await ContainerFixture.open();
  const container = await fixture.run('sleep', { User: '3', WorkingDir: '/srv', Env: ['A=1'] });
  assert.deepEqual(
    await execute(fixture, container, { Cmd: ['echo', 'hi'] }).then(({ output, exitCode }) => [
      output,
      exitCode,
    ]),
    ['hi\n', 0],
  );
  const process = fixture.runtime.execRequests[0]?.process;
  assert.deepEqual([process?.cwd, process?.user.uid, process?.env?.includes('A=1')], ['/srv', 3, true]);
  assert.equal((await execute(fixture, container, { Cmd: ['false'] })).exitCode, 1);
  const actions = fixture.actions().filter((action) => action.startsWith('exec'));
  assert.deepEqual(actions.slice(0, 3), ['exec_create: echo hi', 'exec_start: echo hi', 'exec_die']);
});

test('an exec’s own user, directory and environment win', async () => {
  await using fixture = await ContainerFixture.open();
  const container = await fixture.run('sleep', { Env: ['A=1'] });
  await execute(fixture, container, {
    Cmd: ['true'],
    User: '9:8',
    WorkingDir: '/tmp',
    Env: ['A=2'],
    Privileged: true,
  });
  const process = fixture.runtime.execRequests[0]?.process;
  assert.deepEqual(process?.user, { uid: 9, gid: 8, additionalGids: [8] });
  assert.equal(process?.cwd, '/tmp');
  assert.ok(process?.env?.includes('A=2') && !process.env.includes('A=1'));
  assert.ok(process?.capabilities?.bounding.includes('CAP_SYS_ADMIN'));
});

test('a command that is missing is told in the output, with 127 to inspect', async () => {
  await using fixture = await ContainerFixture.open();
  const container = await fixture.run('sleep');
  const { output, exitCode } = await execute(fixture, container, { Cmd: ['missing'] });
  assert.match(output, /executable file not found/);
  assert.equal(exitCode, 127);
  const id = await fixture.containers.execs.create(container, { Cmd: ['/etc/passwd'] });
  await assert.rejects(fixture.containers.execs.startDetached(id), /permission denied/);
  assert.equal((await fixture.containers.execs.inspect(id)).ExitCode, 126);
});

test('input, its end and the size reach an exec', async () => {
  await using fixture = await ContainerFixture.open();
  const container = await fixture.run('sleep');
  const { execs } = fixture.containers;
  const id = await execs.create(container, { Cmd: ['cat'], AttachStdin: true, AttachStdout: true });
  await assert.rejects(execs.resize(id, { rows: 1, columns: 1 }), {
    message: `exec process ${id} is not running`,
  });
  const session = await execs.start(id, { terminal: false, signal: never });
  await fixture.event('exec_start: cat ');
  await session.input?.write(Buffer.from('data'));
  session.input?.end();
  const process = fixture.runtime.execs.get(id);
  assert.ok(process !== undefined);
  await process.input('data');
  await process.inputEnd();
  await execs.resize(id, { rows: 5, columns: 6 });
  assert.deepEqual(process.size, { rows: 5, columns: 6 });
  process.end(0);
});

test('an exec is started once, and only where it can run', async () => {
  await using fixture = await ContainerFixture.open();
  const container = await fixture.run('sleep');
  const { execs } = fixture.containers;
  await assert.rejects(execs.create(container, { Cmd: [] }), { message: 'No exec command specified' });
  const { id } = await execute(fixture, container, { Cmd: ['true'] });
  await assert.rejects(execs.start(id, { terminal: false, signal: never }), {
    kind: 'conflict',
    message: `exec command ${id} has already run`,
  });
  await fixture.service.pause(container);
  await assert.rejects(execs.create(container, { Cmd: ['true'] }), {
    message: `container ${container} is paused, unpause the container before exec`,
  });
  await fixture.service.stop(container, {});
  await assert.rejects(execs.create(container, { Cmd: ['true'] }), {
    message: `container ${container} is not running`,
  });
  await fixture.service.remove(container, { force: true, volumes: false });
  await assert.rejects(execs.inspect(id), { message: `No such exec instance: ${id}` });
});

test('an exec goes on when its client leaves', async () => {
  await using fixture = await ContainerFixture.open();
  const container = await fixture.run('sleep');
  const { execs } = fixture.containers;
  const id = await execs.create(container, { Cmd: ['work'], AttachStdout: true });
  const leaving = new AbortController();
  const session = await execs.start(id, { terminal: false, signal: leaving.signal });
  leaving.abort();
  for await (const frame of session.output) assert.fail(String(frame.data));
  await fixture.event('exec_start: work ');
  const process = fixture.runtime.execs.get(id);
  for (let index = 0; index < 100; index += 1) process?.print(Buffer.alloc(100_000));
  process?.end(3);
  await process?.exited;
  assert.equal((await execs.inspect(id)).ExitCode, 3);
});

test('an exec of an earlier engine goes on: a further start gets its output, and its exit code is told', async () => {
  await using fixture = await ContainerFixture.open();
  const container = await fixture.run('sleep');
  const id = await fixture.containers.execs.create(container, { Cmd: ['work'], AttachStdout: true });
  await fixture.containers.execs.startDetached(id);
  await fixture.restart();
  const { execs } = fixture.containers;
  const { Running: running, ContainerID: owner } = await execs.inspect(id);
  assert.deepEqual([running, owner], [true, container]);
  const process = fixture.runtime.execs.get(id);
  process?.print('unread ');
  const session = await execs.start(id, { terminal: false, signal: never });
  await assert.rejects(execs.start(id, { terminal: false, signal: never }), /is already running/);
  process?.print('and new');
  process?.end(5);
  let output = '';
  for await (const { data } of session.output) output += Buffer.from(data).toString();
  assert.equal(output, 'unread and new');
  assert.equal((await execs.inspect(id)).ExitCode, 5);
  await fixture.restart();
  assert.equal((await fixture.containers.execs.inspect(id)).ExitCode, 5);
});

test('an exec that was made and not started can be started under the next engine; what belongs to none goes', async () => {
  await using fixture = await ContainerFixture.open();
  const container = await fixture.run('sleep');
  const id = await fixture.containers.execs.create(container, { Cmd: ['echo', 'late'], AttachStdout: true });
  await fixture.runtime.exec({
    containerId: container,
    execId: 'lost',
    process: { args: ['work'], cwd: '/', user: { uid: 0, gid: 0 } },
    stdin: false,
  });
  const lost = fixture.runtime.execs.get('lost');
  await fixture.restart();
  assert.equal(lost?.hasEnded, true);
  const session = await fixture.containers.execs.start(id, { terminal: false, signal: never });
  for await (const { data } of session.output) assert.equal(Buffer.from(data).toString(), 'late\n');
  assert.equal((await fixture.containers.execs.inspect(id)).ExitCode, 0);
});
