import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Health, HealthConfig } from '@gantry/api-types';
import { ManualClock } from '@gantry/base/testing';
import { ContainerFixture } from '../../testing/index.ts';

const second = 1_000_000_000;

interface Probed {
  fixture: ContainerFixture;
  clock: ManualClock;
  id: string;
}

async function runWith(check: HealthConfig, request: object = {}): Promise<Probed> {
  const clock = new ManualClock();
  const fixture = await ContainerFixture.open(clock);
  const id = await fixture.run('sleep', { Healthcheck: { Test: ['CMD', 'probe'], ...check }, ...request });
  return { fixture, clock, id };
}

/** Lets the time to the next probe pass and ends that with the code. */
async function probe({ fixture, clock }: Probed, waitMs: number, exitCode: number): Promise<void> {
  const count = fixture.runtime.execRequests.length;
  await clock.sleeping();
  await clock.advance(waitMs);
  await turnsUntil(() => fixture.runtime.execRequests.length > count);
  const { execId = '' } = fixture.runtime.execRequests.at(-1) ?? {};
  const ends = diesOf(fixture);
  fixture.runtime.execs.get(execId)?.print(`said ${exitCode}\n`);
  fixture.runtime.execs.get(execId)?.end(exitCode);
  await turnsUntil(() => diesOf(fixture) > ends);
  await clock.sleeping();
}

function diesOf({ events }: ContainerFixture): number {
  return events.filter(({ Action: action }) => action === 'exec_die').length;
}

async function turnsUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

async function healthOf({ fixture, id }: Probed): Promise<Health | undefined> {
  return (await fixture.service.inspect(id, { size: false })).State?.Health;
}

async function statusOf({ fixture, id }: Probed): Promise<string | undefined> {
  const filters = new Map([['id', [id]]]);
  return (await fixture.service.list({ all: true, size: false, filters }))[0]?.Status;
}

test('a container is starting, healthy, and unhealthy after so many failures in a row', async () => {
  const probed = await runWith({ Interval: 2 * second, Retries: 2 });
  await using fixture = probed.fixture;
  assert.equal((await healthOf(probed))?.Status, 'starting');
  assert.match((await statusOf(probed)) ?? '', /^Up .* \(health: starting\)$/);
  await probe(probed, 2000, 0);
  assert.equal((await healthOf(probed))?.Status, 'healthy');
  assert.match((await statusOf(probed)) ?? '', /^Up .* \(healthy\)$/);
  await probe(probed, 2000, 1);
  assert.deepEqual(
    [(await healthOf(probed))?.Status, (await healthOf(probed))?.FailingStreak],
    ['healthy', 1],
  );
  await probe(probed, 2000, 1);
  assert.equal((await healthOf(probed))?.Status, 'unhealthy');
  assert.match((await statusOf(probed)) ?? '', /^Up .* \(unhealthy\)$/);
  await probe(probed, 2000, 0);
  const health = await healthOf(probed);
  assert.deepEqual([health?.Status, health?.FailingStreak], ['healthy', 0]);
  assert.deepEqual(
    health?.Log?.map(({ ExitCode: code, Output: output }) => [code, output]),
    [
      [0, 'said 0\n'],
      [1, 'said 1\n'],
      [1, 'said 1\n'],
      [0, 'said 0\n'],
    ],
  );
  assert.deepEqual(
    fixture.actions().filter((action) => action.startsWith('health_status')),
    ['health_status: healthy', 'health_status: unhealthy', 'health_status: healthy'],
  );
});

test('the log has the last five probes', async () => {
  const probed = await runWith({ Interval: second });
  await using _fixture = probed.fixture;
  for (const exitCode of [1, 2, 3, 4, 5, 6, 0]) await probe(probed, 1000, exitCode);
  assert.deepEqual(
    (await healthOf(probed))?.Log?.map(({ ExitCode: code }) => code),
    [3, 4, 5, 6, 0],
  );
});

test('failures in the start period do not count, and it has an interval of its own', async () => {
  const probed = await runWith({
    Interval: 60 * second,
    StartPeriod: 10 * second,
    StartInterval: 3 * second,
    Retries: 1,
  });
  await using _fixture = probed.fixture;
  for (let round = 0; round < 3; round += 1) await probe(probed, 3000, 1);
  assert.deepEqual(
    [(await healthOf(probed))?.Status, (await healthOf(probed))?.FailingStreak],
    ['starting', 0],
  );
  await probe(probed, 3000, 1);
  assert.equal((await healthOf(probed))?.Status, 'unhealthy');
  await probe(probed, 60_000, 0);
  assert.equal((await healthOf(probed))?.Status, 'healthy');
});

test('a probe that takes too long is killed and has failed', async () => {
  const probed = await runWith({ Interval: second, Timeout: 1.5 * second, Retries: 1 });
  await using fixture = probed.fixture;
  await probed.clock.sleeping();
  await probed.clock.advance(1000);
  await turnsUntil(() => fixture.runtime.execs.size === 1);
  const [running] = fixture.runtime.execs.values();
  running?.print('half');
  await probed.clock.sleeping();
  await probed.clock.advance(1500);
  await fixture.event('health_status: unhealthy');
  assert.deepEqual(running?.signals, [9]);
  const [entry] = (await healthOf(probed))?.Log ?? [];
  assert.deepEqual([entry?.ExitCode, entry?.Output], [-1, 'Health check exceeded timeout (1.5s): half']);
});

test('of a long output the beginning is kept, and all of it is read', async () => {
  const probed = await runWith({ Interval: second, Test: ['CMD', 'echo', 'x'.repeat(5000)] });
  await using fixture = probed.fixture;
  await probed.clock.sleeping();
  await probed.clock.advance(1000);
  await fixture.event('health_status: healthy');
  const [entry] = (await healthOf(probed))?.Log ?? [];
  assert.equal(entry?.Output, `${'x'.repeat(4096)}...`);
});

test('a probe that cannot be run is a failed one', async () => {
  const probed = await runWith({ Interval: second, Retries: 1, Test: ['CMD', 'missing'] });
  await using fixture = probed.fixture;
  await probed.clock.sleeping();
  await probed.clock.advance(1000);
  await fixture.event('health_status: unhealthy');
  const [entry] = (await healthOf(probed))?.Log ?? [];
  assert.equal(entry?.ExitCode, -1);
  assert.match(entry?.Output ?? '', /executable file not found/);
});

test('a container that is paused or ended is not probed, and health begins anew with each run', async () => {
  const probed = await runWith({ Interval: second });
  await using fixture = probed.fixture;
  await probe(probed, 1000, 0);
  await fixture.service.pause(probed.id);
  await probed.clock.advance(10_000);
  assert.equal(fixture.runtime.execs.size, 1);
  await fixture.service.unpause(probed.id);
  await probe(probed, 1000, 0);
  await fixture.service.stop(probed.id, {});
  await probed.clock.advance(10_000);
  assert.equal(fixture.runtime.execs.size, 2);
  assert.equal((await healthOf(probed))?.Status, 'unhealthy');
  await fixture.service.start(probed.id);
  assert.equal((await healthOf(probed))?.Status, 'starting');
  assert.equal((await healthOf(probed))?.Log?.length, 2);
});

test('health outlives the engine, and the next one goes on with the probes', async () => {
  const probed = await runWith({ Interval: second, Retries: 2 });
  await using fixture = probed.fixture;
  await probe(probed, 1000, 0);
  await probe(probed, 1000, 1);
  await fixture.restart();
  assert.deepEqual(
    [(await healthOf(probed))?.Status, (await healthOf(probed))?.FailingStreak],
    ['healthy', 1],
  );
  await probe(probed, 1000, 1);
  assert.equal((await healthOf(probed))?.Status, 'unhealthy');
});

test('on-unhealthy ends an unhealthy container and starts it again', async () => {
  const probed = await runWith(
    { Interval: second, Retries: 1 },
    { HostConfig: { RestartPolicy: { Name: 'on-unhealthy' } }, StopSignal: 'SIGUSR1' },
  );
  await using fixture = probed.fixture;
  const first = fixture.runtime.process(probed.id);
  const restarted = fixture.runtime.started();
  await probed.clock.sleeping();
  await probed.clock.advance(1000);
  await turnsUntil(() => fixture.runtime.execs.size === 1);
  for (const process of fixture.runtime.execs.values()) process.end(1);
  await fixture.event('die');
  assert.deepEqual(first.signals, [10]);
  await probed.clock.sleeping();
  await probed.clock.advance(100);
  await restarted;
  const { RestartCount: count } = await fixture.service.inspect(probed.id, { size: false });
  assert.equal(count, 1);
});

test('a check of the image is taken, field by field, and NONE takes it away', async () => {
  await using fixture = await ContainerFixture.open();
  fixture.imageConfig.Healthcheck = { Test: ['CMD-SHELL', 'check'], Interval: 7 * second, Retries: 5 };
  fixture.imageConfig.Shell = ['/bin/ash', '-ec'];
  const merged = async (check?: HealthConfig): Promise<HealthConfig | undefined> => {
    const id = await fixture.create('sleep', check === undefined ? {} : { Healthcheck: check });
    return (await fixture.service.inspect(id, { size: false })).Config?.Healthcheck;
  };
  assert.deepEqual(await merged(), fixture.imageConfig.Healthcheck);
  assert.deepEqual(await merged({ Retries: 2 }), { ...fixture.imageConfig.Healthcheck, Retries: 2 });
  assert.deepEqual((await merged({ Test: ['NONE'] }))?.Test, ['NONE']);
});

test('a check that cannot be is refused in Docker’s words', async () => {
  await using fixture = await ContainerFixture.open();
  const refused = (check: HealthConfig, message: RegExp): Promise<void> =>
    assert.rejects(fixture.create('sleep', { Healthcheck: check }), message);
  await refused({ Interval: 5 }, /^.*Interval in Healthcheck cannot be less than 1ms$/);
  await refused({ Retries: -1 }, /Retries in Healthcheck cannot be negative/);
  await refused({ Test: ['SHELL', 'x'] }, /Unknown healthcheck type 'SHELL'/);
  await refused({ Test: ['CMD'] }, /has no command/);
  await assert.rejects(
    fixture.create('sleep', { HostConfig: { RestartPolicy: { Name: 'on-unhealthy' } } }),
    /'on-unhealthy' needs a health check/,
  );
});
