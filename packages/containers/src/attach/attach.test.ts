import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttachOptions } from '@gantry/api-types';
import { ManualClock } from '@gantry/base/testing';
import { ContainerFixture } from '../../testing/index.ts';
import type { AttachSession } from './attach-session.ts';

function attach(
  fixture: ContainerFixture,
  id: string,
  options: Partial<AttachOptions> = {},
): Promise<AttachSession> {
  const signal = new AbortController().signal;
  return fixture.service.attach(id, {
    stdin: false,
    stdout: true,
    stderr: true,
    stream: true,
    logs: false,
    signal,
    ...options,
  });
}

async function text(session: AttachSession): Promise<string> {
  let all = '';
  for await (const { data } of session.output) all += Buffer.from(data).toString();
  return all;
}

test('a client that attached before the start gets everything, then the end', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('echo hi');
  const session = await attach(fixture, id);
  await fixture.service.start(id);
  assert.equal(await text(session), 'hi\n');
});

test('logs and stream together give each byte once, the begun line included', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  const process = fixture.runtime.process(id);
  const observer = (await attach(fixture, id)).output[Symbol.asyncIterator]();
  process.print('logged\nbeg');
  await observer.next();
  const session = await attach(fixture, id, { logs: true });
  process.print('un\n');
  process.end(0);
  assert.equal(await text(session), 'logged\nbegun\n');
});

test('only the streams that are asked for are sent', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  const session = await attach(fixture, id, { stdout: false });
  fixture.runtime.process(id).print('out\n');
  fixture.runtime.process(id).print('err\n', 'stderr');
  fixture.runtime.process(id).end(0);
  assert.equal(await text(session), 'err\n');
});

test('input that came before the start reaches the process, and its end too', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('sleep', { OpenStdin: true, StdinOnce: true });
  const session = await attach(fixture, id, { stdin: true });
  const written = session.input?.write(Buffer.from('early'));
  session.input?.end();
  await fixture.service.start(id);
  await written;
  const process = fixture.runtime.process(id);
  await process.input('early');
  await process.inputEnd();
});

test('without StdinOnce a client that ends its input leaves the process’s open', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep', { OpenStdin: true });
  const first = await attach(fixture, id, { stdin: true });
  first.input?.end();
  first.close();
  const second = await attach(fixture, id, { stdin: true });
  await second.input?.write(Buffer.from('still'));
  assert.equal(fixture.runtime.process(id).inputEnded, false);
});

test('the detach keys end the session and not the container', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep', { OpenStdin: true, Tty: true });
  const session = await attach(fixture, id, { stdin: true });
  assert.equal(session.terminal, true);
  await session.input?.write(Buffer.from('a\x10b'));
  await session.input?.write(Buffer.from('c\x10'));
  await session.input?.write(Buffer.from('\x11lost'));
  assert.equal(await text(session), '');
  assert.equal(fixture.runtime.process(id).received.join(''), 'a\x10bc');
  assert.equal(fixture.runtime.process(id).hasEnded, false);
  await fixture.event('detach');
});

test('keys of one’s own are honoured, and malformed ones refused', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep', { OpenStdin: true });
  const session = await attach(fixture, id, { stdin: true, detachKeys: 'ctrl-@,x' });
  await session.input?.write(Buffer.from('\0x'));
  assert.equal(await text(session), '');
  await assert.rejects(attach(fixture, id, { detachKeys: 'ctrl-!!' }), /Invalid detach keys/);
});

test('a client that never reads holds neither the container nor its log up', async () => {
  const clock = new ManualClock();
  await using fixture = await ContainerFixture.open(clock);
  const id = await fixture.run('sleep');
  const stalled = await attach(fixture, id);
  const process = fixture.runtime.process(id);
  const chunk = Buffer.alloc(64 * 1024, `${'x'.repeat(127)}\n`);
  for (let index = 0; index < 300; index += 1) process.print(chunk);
  process.end(0);
  const waiting = fixture.wait(id);
  await clock.sleeping();
  await clock.advance(5_000);
  assert.equal(await waiting, 0);
  assert.match(await text(stalled), /the client read nothing for 5 seconds/);
});

test('a client that reads slowly gets everything', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  const session = await attach(fixture, id);
  const process = fixture.runtime.process(id);
  const chunk = Buffer.alloc(64 * 1024, 'x');
  for (let index = 0; index < 400; index += 1) process.print(chunk);
  process.end(0);
  let bytes = 0;
  for await (const { data } of session.output) {
    bytes += data.length;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  assert.equal(bytes, 400 * chunk.length);
});

test('attach to a paused container is refused, and the abort of a client ends its session', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  const leaving = new AbortController();
  const session = await attach(fixture, id, { signal: leaving.signal });
  leaving.abort();
  assert.equal(await text(session), '');
  await fixture.service.pause(id);
  await assert.rejects(attach(fixture, id), {
    message: `container ${id} is paused, unpause the container before attach`,
  });
});

test('ten thousand clients come and go', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep', { OpenStdin: true, Tty: true });
  for (let index = 0; index < 10_000; index += 1) (await attach(fixture, id, { stdin: true })).close();
  fixture.runtime.process(id).end(0);
  assert.equal(await fixture.wait(id), 0);
});
