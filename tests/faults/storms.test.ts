import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  ApiError,
  createContainer,
  inspectContainer,
  killContainer,
  pauseContainer,
  removeContainer,
  restartContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
} from '@gantry/client';
import { loadBusybox } from '../support/busybox-image.ts';
import { TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
const sleeper = { Image: image, Cmd: ['sleep', '1000'] };
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

async function created(name: string, request: object = sleeper): Promise<string> {
  const { Id: id } = await createContainer(daemon.api, { ...sleeper, ...request }, { name });
  return id;
}

/** Resolves with the refusals among `calls`. Whatever is refused must be the caller's fault, in words. */
async function refusals(calls: readonly Promise<unknown>[]): Promise<ApiError[]> {
  const refused: ApiError[] = [];
  for (const result of await Promise.allSettled(calls)) {
    if (result.status === 'fulfilled') continue;
    assert.ok(result.reason instanceof ApiError, String(result.reason));
    assert.ok([404, 409].includes(result.reason.status), `${result.reason.status} ${result.reason.message}`);
    refused.push(result.reason);
  }
  return refused;
}

test('storms of start, stop, kill, pause, unpause, restart, exec and rm on one container end in one state', async () => {
  for (let round = 0; round < 6; round += 1) {
    const id = await created(`storm-${round}`);
    const actions = [
      () => startContainer(daemon.api, id),
      () => stopContainer(daemon.api, id, { timeoutSeconds: 0 }),
      () => killContainer(daemon.api, id, 'KILL'),
      () => pauseContainer(daemon.api, id),
      () => unpauseContainer(daemon.api, id),
      () => restartContainer(daemon.api, id, { timeoutSeconds: 0 }),
      () => daemon.api.json({ method: 'POST', path: `/containers/${id}/exec`, json: { Cmd: ['true'] } }),
      () => inspectContainer(daemon.api, id),
    ];
    const storm = Array.from({ length: 40 }, (_, index) => actions[(index * 5 + round) % actions.length]?.());
    const removals = round % 2 === 0 ? [] : [removeContainer(daemon.api, id, { force: true })];
    const refused = await refusals([...storm, ...removals].filter((call) => call !== undefined));
    // The second is Docker's text, which names nobody.
    const isClear = /[0-9a-f]{12}|storm-|^cannot start a paused container, try unpause instead$/;
    for (const { message } of refused) assert.match(message, isClear);
    if (removals.length > 0) {
      await assert.rejects(inspectContainer(daemon.api, id), /No such container/);
      continue;
    }
    const { State: state } = await inspectContainer(daemon.api, id);
    assert.ok(['created', 'running', 'paused', 'exited'].includes(state?.Status ?? ''), state?.Status);
    await removeContainer(daemon.api, id, { force: true });
  }
});

test('of many creates with one name one wins, and the others name it', async () => {
  const calls = Array.from({ length: 20 }, () => created('wanted'));
  const refused = await refusals(calls);
  assert.equal(refused.length, 19);
  const { Id: id = '' } = await inspectContainer(daemon.api, 'wanted');
  for (const { status, message } of refused) {
    assert.equal(status, 409);
    assert.match(
      message,
      /Conflict\. The container name "\/wanted" is already in use by container "?([0-9a-f]{64})/,
    );
    assert.ok(message.includes(id));
  }
  await removeContainer(daemon.api, 'wanted');
});

test('of many starts with one port one wins, the others name it, and start when it is free', async () => {
  const ports = { HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8099' }] } } };
  const ids = await Promise.all(Array.from({ length: 6 }, (_, index) => created(`port-${index}`, ports)));
  const results = await Promise.allSettled(ids.map((id) => startContainer(daemon.api, id)));
  const losers = ids.filter((_, index) => results[index]?.status === 'rejected');
  assert.equal(losers.length, 5);
  for (const result of results) {
    if (result.status === 'rejected') assert.match(String(result.reason), /8099.*(already allocated|in use)/);
  }
  const [winner = ''] = ids.filter((id) => !losers.includes(id));
  await removeContainer(daemon.api, winner, { force: true });
  await startContainer(daemon.api, losers[0] ?? '');
  for (const id of losers) await removeContainer(daemon.api, id, { force: true });
});

test('many removals at once are one removal', async () => {
  const id = await created('gone');
  await startContainer(daemon.api, id);
  const refused = await refusals(
    Array.from({ length: 20 }, () => removeContainer(daemon.api, id, { force: true })),
  );
  assert.ok(refused.length < 20);
  for (const { message } of refused) assert.match(message, /No such container|already in progress/);
  await assert.rejects(inspectContainer(daemon.api, id), /No such container/);
});

test('a fork bomb under a pids limit disturbs nobody and is removed', async () => {
  const limits = { HostConfig: { PidsLimit: 64 } };
  const id = await created('bomb', {
    ...limits,
    Cmd: ['sh', '-c', 'bomb() { bomb | bomb & }; bomb; sleep 1000'],
  });
  await startContainer(daemon.api, id);
  const started = performance.now();
  assert.equal(await daemon.ok('run', '--rm', image, 'echo', 'undisturbed'), 'undisturbed');
  const exec = await daemon.gantry(['exec', 'bomb', 'true'], { timeoutMs: 20_000 });
  if (exec.exitCode !== 0) assert.notEqual(exec.stderr, '');
  await removeContainer(daemon.api, id, { force: true });
  assert.ok(performance.now() - started < 20_000);
});
