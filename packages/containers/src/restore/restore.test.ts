import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ContainerFixture } from '../../testing/index.ts';
import { containerRecordVersion } from '../state/container-record.ts';

async function statusOf(fixture: ContainerFixture, id: string): Promise<string | undefined> {
  return (await fixture.service.inspect(id, { size: false })).State?.Status;
}

test('a container runs on through a restart of the engine, and its log has each line once', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  const process = fixture.runtime.process(id);
  process.print('before\nbeg');
  await fixture.closeEngine();
  process.print('un\nwhile away\n');
  await fixture.openEngine();
  assert.equal(await statusOf(fixture, id), 'running');
  process.print('after\n');
  process.end(5);
  assert.equal(await fixture.wait(id), 5);
  assert.equal(await fixture.logs(id), 'before\nbegun\nwhile away\nafter\n');
  assert.deepEqual(process.output.released, { stdout: 30, stderr: 0 });
});

test('a container that ended while no engine ran has its exit code, log and end', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  const process = fixture.runtime.process(id);
  await fixture.closeEngine();
  process.print('last words');
  process.end(42, { outOfMemory: true });
  await fixture.openEngine();
  assert.equal(await fixture.wait(id), 42);
  assert.equal(await fixture.logs(id), 'last words');
  const { State: state } = await fixture.service.inspect(id, { size: false });
  assert.deepEqual([state?.Status, state?.OOMKilled], ['exited', true]);
  await fixture.event('die');
  assert.equal(fixture.network.attachment(id), undefined);
});

test('a container without a trace, as after a restart of the machine, ended with 255', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  await fixture.closeEngine();
  await fixture.runtime.remove(id);
  await fixture.openEngine();
  const { State: state } = await fixture.service.inspect(id, { size: false });
  assert.deepEqual([state?.Status, state?.ExitCode], ['exited', 255]);
  assert.deepEqual([...fixture.snapshots.mounted], []);
});

test('a container that was started when the engine died is running', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('sleep');
  await fixture.closeEngine();
  await fixture.runtime.start({
    containerId: id,
    stdin: false,
    spec: { process: { args: ['sleep'] } } as never,
  });
  fixture.runtime.process(id).print('hello\n');
  await fixture.openEngine();
  assert.equal(await statusOf(fixture, id), 'running');
  fixture.runtime.process(id).end(0);
  await fixture.wait(id);
  assert.equal(await fixture.logs(id), 'hello\n');
});

test('a paused container is paused still, and one that was thawed meanwhile is not', async () => {
  await using fixture = await ContainerFixture.open();
  const [first, second] = [await fixture.run('sleep'), await fixture.run('sleep')];
  await fixture.service.pause(first);
  await fixture.service.pause(second);
  await fixture.closeEngine();
  await fixture.runtime.resume(second);
  await fixture.openEngine();
  assert.deepEqual([await statusOf(fixture, first), await statusOf(fixture, second)], ['paused', 'running']);
});

test('policies hold across engines: always, unless-stopped and on-failure', async () => {
  await using fixture = await ContainerFixture.open();
  const make = (name: 'always' | 'unless-stopped' | 'on-failure' | 'no'): Promise<string> =>
    fixture.run('sleep', { HostConfig: { RestartPolicy: { Name: name } } });
  const stopped = { always: await make('always'), unless: await make('unless-stopped') };
  await fixture.service.stop(stopped.always, {});
  await fixture.service.stop(stopped.unless, {});
  const vanished = {
    unless: await make('unless-stopped'),
    failure: await make('on-failure'),
    no: await make('no'),
  };
  await fixture.closeEngine();
  for (const id of Object.values(vanished)) await fixture.runtime.remove(id);
  const starts = [fixture.runtime.started(), fixture.runtime.started(), fixture.runtime.started()];
  await fixture.openEngine();
  await Promise.all(starts);
  assert.equal(await statusOf(fixture, stopped.unless), 'exited');
  assert.equal(await statusOf(fixture, vanished.no), 'exited');
  for (const id of [stopped.always, vanished.unless, vanished.failure]) {
    while ((await statusOf(fixture, id)) !== 'running') await fixture.event('start');
  }
});

test('a --rm container that ended while no engine ran is removed', async () => {
  await using fixture = await ContainerFixture.open();
  const ended = await fixture.run('sleep', { HostConfig: { AutoRemove: true } });
  await fixture.create('sleep', { HostConfig: { AutoRemove: true } });
  await fixture.closeEngine();
  fixture.runtime.process(ended).end(0);
  await fixture.openEngine();
  while ((await fixture.service.list({ all: true, size: false, filters: new Map() })).length > 0) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await fixture.snapshots.list(), []);
});

test('a removal that was interrupted is finished', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('sleep');
  await fixture.closeEngine();
  const containers = fixture.store.collection<{ state: object }>('containers', {
    version: containerRecordVersion,
  });
  const record = containers.get(id);
  assert.ok(record !== undefined);
  containers.put(id, { ...record, state: { ...record.state, status: 'removing' } });
  await fixture.openEngine();
  assert.deepEqual(await fixture.service.list({ all: true, size: false, filters: new Map() }), []);
  assert.deepEqual(await fixture.snapshots.list(), []);
});

test('what belongs to no container is removed, and other snapshots are not', async () => {
  await using fixture = await ContainerFixture.open();
  const orphan = 'd'.repeat(64);
  await fixture.closeEngine();
  await fixture.snapshots.create(orphan, []);
  await fixture.snapshots.create('build-step', []);
  mkdirSync(path.join(fixture.root, 'containers', orphan));
  await fixture.runtime.start({
    containerId: orphan,
    stdin: false,
    spec: { process: { args: ['sleep'] } } as never,
  });
  await fixture.openEngine();
  assert.deepEqual(await fixture.snapshots.list(), ['build-step']);
  assert.deepEqual(fixture.runtime.list(), []);
  assert.deepEqual(readdirSync(path.join(fixture.root, 'containers')), []);
});

test('a damaged record is told and stops nothing', async () => {
  await using fixture = await ContainerFixture.open();
  const good = await fixture.run('sleep');
  const bad = await fixture.create('sleep', {}, 'victim');
  await fixture.closeEngine();
  const containers = fixture.store.collection<unknown>('containers', { version: containerRecordVersion });
  containers.put(bad, { id: bad, name: 'victim', state: { status: 'flying' } });
  await fixture.openEngine();
  assert.deepEqual(fixture.containers.damaged, [
    { id: bad, fact: `record of container ${bad} is damaged: its state is unknown` },
  ]);
  assert.equal(await statusOf(fixture, good), 'running');
  assert.ok((await fixture.snapshots.list()).includes(bad), 'its files are left for whoever repairs it');
});

test('closing an engine leaves containers running and their logs exact', async () => {
  await using fixture = await ContainerFixture.open();
  const ids = await Promise.all(Array.from({ length: 20 }, () => fixture.run('sleep')));
  for (const id of ids) fixture.runtime.process(id).print('line\n');
  await fixture.restart();
  for (const id of ids) {
    fixture.runtime.process(id).end(0);
    await fixture.wait(id);
    assert.equal(await fixture.logs(id), 'line\n');
  }
});
