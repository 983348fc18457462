import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { ContainerCreateRequest } from '@gantry/api-types';
import { LeakCheck, type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { makeBusyboxLayer, removeParentCgroup } from '../../testing/engine-client.ts';
import { openRealEngine, type RealEngine } from '../../testing/real-engine.ts';
import type { AttachSession } from './attach-session.ts';

let root: TemporaryRoot;
let leaks: LeakCheck;
let engine: RealEngine;

before(async () => {
  root = await temporaryRoot('attach');
  const layerPath = await makeBusyboxLayer(root.path);
  leaks = await LeakCheck.begin({
    tag: root.path,
    cgroupPrefix: path.basename(root.path),
    // The bridge stays for the next engine; descriptors of this process's own libraries come and go.
    allow: (kind, line) => kind === 'descriptor' || (kind === 'link' && line === 'gcattach0'),
  });
  engine = await openRealEngine({ root: root.path, layerPath, bridge: 'gcattach0' });
});

after(async () => {
  const { service } = engine.containers;
  for (const { Id: id = '' } of await service.list({ all: true, size: false, filters: new Map() })) {
    await service.remove(id, { force: true, volumes: true });
  }
  await engine[Symbol.asyncDispose]();
  removeParentCgroup(path.basename(root.path));
  await leaks.check();
  await root[Symbol.asyncDispose]();
});

async function attached(
  script: string,
  request: ContainerCreateRequest,
): Promise<{ id: string; session: AttachSession }> {
  const { service } = engine.containers;
  const { Id: id } = await service.create(
    { Image: 'busybox', Cmd: ['sh', '-c', script], HostConfig: { NetworkMode: 'none' }, ...request },
    {},
  );
  const session = await service.attach(id, {
    stdin: true,
    stdout: true,
    stderr: true,
    stream: true,
    logs: false,
    signal: new AbortController().signal,
  });
  await service.start(id);
  return { id, session };
}

/** Reads until `text` has come; returns what came. */
async function readUntil(output: AsyncIterator<{ data: Uint8Array }>, text: string): Promise<string> {
  let all = '';
  while (!all.includes(text)) {
    const { value, done } = await output.next();
    assert.ok(done !== true, `ended after ${JSON.stringify(all)}`);
    all += Buffer.from(value.data).toString();
  }
  return all;
}

async function readAll(output: AsyncIterable<{ data: Uint8Array }>): Promise<string> {
  let all = '';
  for await (const { data } of output) all += Buffer.from(data).toString();
  return all;
}

test('input goes in, its end is seen, and output comes back before the end', async () => {
  const { session } = await attached('cat; echo done', { OpenStdin: true, StdinOnce: true });
  for (let index = 0; index < 50; index += 1) await session.input?.write(Buffer.alloc(64 * 1024, 'x'));
  session.input?.end();
  const text = await readAll(session.output);
  assert.equal(text.length, 50 * 64 * 1024 + 'done\n'.length);
});

test('a container that never reads its input takes none, and is stopped all the same', async () => {
  const { id, session } = await attached('trap "exit 0" TERM; while :; do sleep 0.1; done', {
    OpenStdin: true,
  });
  const { service } = engine.containers;
  let writing = true;
  const writes = (async () => {
    for (let index = 0; index < 100; index += 1) await session.input?.write(Buffer.alloc(64 * 1024));
  })().finally(() => (writing = false));
  // Longer than a pipe takes to fill.
  await service.top(id, '');
  assert.equal(writing, true);
  await service.stop(id, { timeoutSeconds: 5 });
  assert.equal((await service.inspect(id, { size: false })).State?.Status, 'exited');
  assert.equal(await readAll(session.output), '');
  session.close();
  await writes;
});

test('a terminal echoes, has the size that was set, and turns ctrl-c into SIGINT', async () => {
  const { id, session } = await attached(
    'trap "echo caught; exit 3" INT; echo ready; while :; do read -t 1 line && stty size; done',
    {
      OpenStdin: true,
      Tty: true,
    },
  );
  const { service } = engine.containers;
  const output = session.output[Symbol.asyncIterator]();
  await readUntil(output, 'ready\r\n');
  await service.resize(id, { rows: 41, columns: 99 });
  await session.input?.write(Buffer.from('hello\n'));
  assert.match(await readUntil(output, '41 99'), /hello\r\n/);
  await session.input?.write(Uint8Array.of(3));
  await readUntil(output, 'caught\r\n');
  assert.equal((await output.next()).done, true);
  const { result } = await service.wait(id, 'not-running', new AbortController().signal);
  assert.equal((await result).StatusCode, 3);
  await assert.rejects(service.resize(id, { rows: 1, columns: 1 }), { kind: 'conflict' });
});

test('detach keys let go of a terminal, and another client takes it', async () => {
  const { id, session } = await attached('while read line; do echo got $line; done', {
    OpenStdin: true,
    Tty: true,
  });
  await session.input?.write(Uint8Array.of(0x10, 0x11));
  await readAll(session.output);
  session.close();
  const second = await engine.containers.service.attach(id, {
    stdin: true,
    stdout: true,
    stderr: true,
    stream: true,
    logs: false,
    signal: new AbortController().signal,
  });
  await second.input?.write(Buffer.from('again\n'));
  await readUntil(second.output[Symbol.asyncIterator](), 'got again');
  second.close();
});
