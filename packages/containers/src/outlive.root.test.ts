import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { LeakCheck, type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { EngineProcess, makeBusyboxLayer, removeParentCgroup } from '../testing/engine-client.ts';

let root: TemporaryRoot;
let leaks: LeakCheck;
let engine: EngineProcess;
let options: { root: string; layerPath: string; bridge: string };

before(async () => {
  root = await temporaryRoot('outlive');
  options = { root: root.path, layerPath: await makeBusyboxLayer(root.path), bridge: 'gctest1' };
  leaks = await LeakCheck.begin({
    tag: root.path,
    cgroupPrefix: path.basename(root.path),
    // The bridge stays for the next engine.
    allow: (kind, line) => kind === 'link' && line === 'gctest1',
  });
  engine = await EngineProcess.open(options);
});

after(async () => {
  for (const { Id: id = '' } of await engine.list()) await engine.remove(id);
  await engine.close();
  removeParentCgroup(path.basename(root.path));
  await leaks.check();
  await root[Symbol.asyncDispose]();
});

async function killAndReopen(): Promise<void> {
  await engine.kill();
  engine = await EngineProcess.open(options);
}

const counting =
  'i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); [ $((i%100)) -eq 0 ] && sleep 0.05; done; exit 9';
const counted = Array.from({ length: 3000 }, (_, index) => `line ${index}\n`).join('');

test('kill -9 during output loses no line and doubles none', async () => {
  const id = await engine.run(counting);
  for (let round = 0; round < 3; round += 1) await killAndReopen();
  assert.equal(await engine.wait(id), 9);
  assert.ok((await engine.logs(id)) === counted);
});

test('kill -9 during a terminal session loses nothing', async () => {
  const id = await engine.run(counting, { Tty: true });
  for (let round = 0; round < 2; round += 1) await killAndReopen();
  assert.equal(await engine.wait(id), 9);
  assert.ok((await engine.logs(id)) === counted.replaceAll('\n', '\r\n'));
});

test('what a container prints and how it ends while no engine runs is known to the next', async () => {
  const id = await engine.run('sleep 0.3; echo while away; exit 5');
  await engine.kill();
  engine = await EngineProcess.open(options);
  assert.equal(await engine.wait(id), 5);
  assert.equal(await engine.logs(id), 'while away\n');
});

test('an orderly end of the engine leaves containers running', async () => {
  const id = await engine.run('sleep 1000');
  const before = (await engine.inspect(id)).State;
  await engine.close();
  engine = await EngineProcess.open(options);
  const now = (await engine.inspect(id)).State;
  assert.deepEqual([now?.Status, now?.Pid, now?.StartedAt], ['running', before?.Pid, before?.StartedAt]);
  assert.deepEqual(await engine.exec(id, { Cmd: ['echo', 'still'] }), { output: 'still\n', exitCode: 0 });
  assert.match((await engine.inspect(id)).NetworkSettings?.IPAddress ?? '', /^10\.77\.0\.\d+$/);
  await engine.remove(id);
});

test('kill -9 at many moments of create, start, stop and rm leaves whole states and nothing else', async () => {
  for (let round = 0; round < 12; round += 1) {
    const busy = engine;
    const work = (async () => {
      for (;;) {
        const id = await busy.create(['sh', '-c', 'echo x'], { HostConfig: { Binds: ['/anonymous'] } });
        await busy.call('start', id);
        await busy.wait(id);
        await busy.call('remove', id, { force: true, volumes: true });
      }
    })().catch(() => {});
    await new Promise<void>((resolve) => setTimeout(resolve, 40 + round * 7));
    await killAndReopen();
    await work;
    for (const { Id: id = '', State: state } of await engine.list()) {
      if (state === 'running') await engine.wait(id);
      await engine.remove(id);
    }
  }
});

test('a --rm container that ended while no engine ran is gone', async () => {
  const id = await engine.run('sleep 0.2', { HostConfig: { AutoRemove: true } });
  await engine.kill();
  engine = await EngineProcess.open(options);
  await engine.wait(id, 'removed').catch(() => {});
  assert.ok(!(await engine.list()).some((container) => container.Id === id));
});

test('an exec of a killed engine goes on, and the next engine tells its exit code', async () => {
  const id = await engine.run('sleep 1000');
  const exec = (await engine.call('execDetached', id, {
    Cmd: ['sh', '-c', 'while [ ! -e /go ]; do sleep 0.02; done; exit 5'],
  })) as string;
  const { Pid: pid } = await engine.execInspect(exec);
  await killAndReopen();
  const { Running: running, Pid: pidNow } = await engine.execInspect(exec);
  assert.deepEqual([running, pidNow], [true, pid]);
  await engine.exec(id, { Cmd: ['touch', '/go'] });
  let after = await engine.execInspect(exec);
  while (after.Running === true) after = await engine.execInspect(exec);
  assert.equal(after.ExitCode, 5);
  await killAndReopen();
  assert.equal((await engine.execInspect(exec)).ExitCode, 5);
  await engine.remove(id);
});

test('kill -9 of init ends a container with 137', async () => {
  const id = await engine.run('sleep 1000');
  const { Pid: pid = 0 } = (await engine.inspect(id)).State ?? {};
  process.kill(pid, 'SIGKILL');
  assert.equal(await engine.wait(id), 137);
});
