import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RestartPolicy } from '@gantry/api-types';
import { ManualClock } from '@gantry/base/testing';
import { ContainerFixture } from '../../testing/index.ts';

async function runWith(
  policy: RestartPolicy,
): Promise<{ fixture: ContainerFixture; clock: ManualClock; id: string }> {
  const clock = new ManualClock();
  const fixture = await ContainerFixture.open(clock);
  const id = await fixture.run('sleep', { HostConfig: { RestartPolicy: policy } });
  return { fixture, clock, id };
}

async function endAndRestart(
  { fixture, clock, id }: { fixture: ContainerFixture; clock: ManualClock; id: string },
  exitCode: number,
  waitMs: number,
): Promise<void> {
  const started = fixture.runtime.started();
  fixture.runtime.process(id).end(exitCode, { at: clock.now() });
  await clock.sleeping();
  assert.equal((await fixture.service.inspect(id, { size: false })).State?.Status, 'restarting');
  await clock.advance(waitMs - 1);
  assert.equal((await fixture.service.inspect(id, { size: false })).State?.Status, 'restarting');
  await clock.advance(1);
  await started;
}

test('always restarts, waiting 100 ms and then twice as long each time, until a run of ten seconds', async () => {
  const run = await runWith({ Name: 'always' });
  await using fixture = run.fixture;
  for (const waitMs of [100, 200, 400]) await endAndRestart(run, 0, waitMs);
  await run.clock.advance(10_000);
  await endAndRestart(run, 0, 100);
  const inspected = await fixture.service.inspect(run.id, { size: false });
  assert.equal(inspected.RestartCount, 4);
});

test('on-failure restarts a container that failed, so many times', async () => {
  const run = await runWith({ Name: 'on-failure', MaximumRetryCount: 2 });
  await using fixture = run.fixture;
  await endAndRestart(run, 1, 100);
  await endAndRestart(run, 1, 200);
  fixture.runtime.process(run.id).end(1);
  await fixture.wait(run.id, 'next-exit');
  const { State: state, RestartCount: count } = await fixture.service.inspect(run.id, { size: false });
  assert.deepEqual([state?.Status, state?.ExitCode, count], ['exited', 1, 2]);
  await fixture.service.start(run.id);
  assert.equal((await fixture.service.inspect(run.id, { size: false })).RestartCount, 0);
});

test('on-failure lets a container be that ended well', async () => {
  const { fixture: opened, id } = await runWith({ Name: 'on-failure' });
  await using fixture = opened;
  fixture.runtime.process(id).end(0);
  await fixture.wait(id);
  assert.equal((await fixture.service.inspect(id, { size: false })).State?.Status, 'exited');
});

test('a container that a user stops stays stopped', async () => {
  for (const end of ['stop', 'kill'] as const) {
    const { fixture: opened, id } = await runWith({ Name: 'always' });
    await using fixture = opened;
    const ended = fixture.wait(id, 'next-exit');
    if (end === 'stop') await fixture.service.stop(id, {});
    else await fixture.service.kill(id, 'KILL');
    await ended;
    assert.equal((await fixture.service.inspect(id, { size: false })).State?.Status, 'exited');
  }
});

test('a signal that is no stop leaves the policy in force', async () => {
  const run = await runWith({ Name: 'always' });
  await using fixture = run.fixture;
  fixture.runtime.process(run.id).ignoredSignals.add(1);
  await fixture.service.kill(run.id, 'HUP');
  await endAndRestart(run, 0, 100);
});

test('a container between two runs is stopped, killed and removed', async () => {
  for (const end of ['stop', 'kill', 'remove'] as const) {
    const { fixture: opened, clock, id } = await runWith({ Name: 'always' });
    await using fixture = opened;
    fixture.runtime.process(id).end(0);
    await clock.sleeping();
    await assert.rejects(fixture.service.start(id), { kind: 'not-modified' });
    await assert.rejects(
      fixture.service.remove(id, { force: false, volumes: false }),
      /container is restarting: stop/,
    );
    if (end === 'stop') await fixture.service.stop(id, {});
    else if (end === 'kill') await fixture.service.kill(id, 'KILL');
    else await fixture.service.remove(id, { force: true, volumes: false });
    await clock.advance(60_000);
    assert.equal(fixture.runtime.requests.length, 1);
    assert.deepEqual([...fixture.snapshots.mounted], []);
  }
});
