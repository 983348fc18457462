import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import {
  createContainer,
  createExec,
  inspectContainer,
  inspectExec,
  inspectVolume,
  removeContainer,
  startContainer,
  startExecDetached,
  stopContainer,
} from '@gantry/client';
import { loadBusybox } from '../support/busybox-image.ts';
import { killAtEveryPoint, startFaultyDaemon } from '../support/fault-walk.ts';
import type { TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
const request = {
  Image: image,
  Cmd: ['sleep', '1000'],
  OpenStdin: true,
  HostConfig: { Binds: ['/etc'], PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8097' }] } },
};
let daemon: TestDaemon;
let turn = 0;

before(async () => {
  daemon = await startFaultyDaemon();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

function nextName(): string {
  turn += 1;
  return `walked-${turn}`;
}

async function created(): Promise<string> {
  const { Id: id } = await createContainer(daemon.api, request, { name: nextName() });
  return id;
}

async function started(): Promise<string> {
  const id = await created();
  await startContainer(daemon.api, id);
  return id;
}

/** `none` when there is no such container. */
async function statusOf(ref: string): Promise<string> {
  const found = await inspectContainer(daemon.api, ref).catch(() => undefined);
  return found?.State?.Status ?? 'none';
}

/** Whatever state it is in, it can be used and removed, and takes its volume along. */
async function assertUsable(ref: string): Promise<void> {
  const { State: state, Mounts: mounts = [] } = await inspectContainer(daemon.api, ref);
  if (state?.Running !== true) await startContainer(daemon.api, ref);
  assert.equal(await daemon.ok('exec', ref, 'ls', '/etc/passwd'), '/etc/passwd');
  await removeContainer(daemon.api, ref, { force: true, volumes: true });
  for (const { Name: name = '' } of mounts) {
    await assert.rejects(inspectVolume(daemon.api, name), /no such volume/);
  }
}

test('an engine killed at any step of create has the container whole or not at all', () =>
  killAtEveryPoint(daemon, {
    covers: ['create', 'snapshot-create', 'volume-create'],
    prepare: async () => nextName(),
    operate: async (name) => {
      await createContainer(daemon.api, request, { name });
    },
    verify: async (name, acknowledged) => {
      const status = await statusOf(name);
      if (acknowledged) assert.equal(status, 'created');
      if (status !== 'none') await assertUsable(name);
      else await removeContainer(daemon.api, await createNamed(name), { volumes: true });
    },
  }));

async function createNamed(name: string): Promise<string> {
  return (await createContainer(daemon.api, request, { name })).Id;
}

test('an engine killed at any step of start has the container running, or as it was', () =>
  killAtEveryPoint(daemon, {
    covers: ['start', 'network-attach', 'volume-copy'],
    prepare: created,
    operate: (id) => startContainer(daemon.api, id),
    verify: async (id, acknowledged) => {
      assert.ok((acknowledged ? ['running'] : ['running', 'created']).includes(await statusOf(id)));
      await assertUsable(id);
    },
  }));

test('an engine killed at any step of stop has the container stopped, or stops it when asked again', () =>
  killAtEveryPoint(daemon, {
    covers: ['stop', 'end', 'network-detach', 'runtime-remove'],
    prepare: started,
    operate: (id) => stopContainer(daemon.api, id, { timeoutSeconds: 0 }),
    isSettled: (id) => !readFileSync('/proc/self/mountinfo', 'utf8').includes(id),
    verify: async (id, acknowledged) => {
      if (acknowledged) assert.equal(await statusOf(id), 'exited');
      await stopContainer(daemon.api, id, { timeoutSeconds: 0 });
      assert.equal(await statusOf(id), 'exited');
      await assertUsable(id);
    },
  }));

test('an engine killed at any step of exec has the container running, and runs the next exec', () =>
  killAtEveryPoint(daemon, {
    covers: ['exec'],
    prepare: async () => {
      const id = await started();
      return { id, exec: await createExec(daemon.api, id, { Cmd: ['true'] }) };
    },
    operate: ({ exec }) => startExecDetached(daemon.api, exec),
    isSettled: async ({ exec }) => (await inspectExec(daemon.api, exec)).Running === false,
    verify: async ({ id }) => {
      assert.equal(await statusOf(id), 'running');
      await assertUsable(id);
    },
  }));

test('an engine killed at any step of rm has the container removed, or removes it when asked again', () =>
  killAtEveryPoint(daemon, {
    covers: ['remove', 'snapshot-remove', 'volume-remove'],
    prepare: async () => {
      const id = await started();
      await stopContainer(daemon.api, id, { timeoutSeconds: 0 });
      return id;
    },
    operate: (id) => removeContainer(daemon.api, id, { volumes: true }),
    verify: async (id, acknowledged) => {
      if (acknowledged) assert.equal(await statusOf(id), 'none');
      if ((await statusOf(id)) !== 'none') await assertUsable(id);
    },
  }));
