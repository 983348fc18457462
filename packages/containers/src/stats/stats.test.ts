import assert from 'node:assert/strict';
import { totalmem } from 'node:os';
import { test } from 'node:test';
import type { ContainerStatsResponse } from '@gantry/api-types';
import { ManualClock } from '@gantry/base/testing';
import type { CgroupUsage } from '@gantry/kernel';
import { ContainerFixture } from '../../testing/index.ts';

const never = '0001-01-01T00:00:00Z';

function usage(totalNs: number, limitBytes?: number): CgroupUsage {
  return {
    version: 1,
    cpu: {
      totalNs,
      userNs: 1,
      kernelNs: 2,
      perCpuNs: [totalNs],
      periods: 0,
      throttledPeriods: 0,
      throttledNs: 0,
    },
    memory: { usageBytes: 50, limitBytes, maxUsageBytes: 60, failures: 0, stats: { cache: 7 } },
    pids: { current: 2, limit: undefined },
    blockIo: { serviceBytes: [{ major: 8, minor: 0, op: 'Read', value: 9 }], serviced: [] },
  };
}

async function opened(): Promise<{ fixture: ContainerFixture; clock: ManualClock; id: string }> {
  const clock = new ManualClock();
  const fixture = await ContainerFixture.open(clock);
  const id = await fixture.run('sleep');
  fixture.runtime.usages.set(id, usage(1000));
  return { fixture, clock, id };
}

async function next(samples: AsyncIterator<ContainerStatsResponse>): Promise<ContainerStatsResponse> {
  const result = await samples.next();
  assert.ok(result.done !== true);
  return result.value;
}

const signal = new AbortController().signal;

test('a stream has a sample at once and one a second, each with the CPU times of the one before', async () => {
  const { fixture: made, clock, id } = await opened();
  await using fixture = made;
  const stream = await fixture.service.stats(id, { stream: true, oneShot: false, signal });
  const samples = stream[Symbol.asyncIterator]();
  const first = await next(samples);
  assert.deepEqual([first.id, first.name?.startsWith('/'), first.preread], [id, true, never]);
  assert.equal(first.memory_stats?.limit, totalmem(), 'no limit is the machine’s memory');
  assert.deepEqual(Object.keys(first.networks ?? {}), ['eth0']);
  fixture.runtime.usages.set(id, usage(5000, 100));
  const second = next(samples);
  await clock.sleeping();
  await clock.advance(1000);
  const { cpu_stats: cpu, precpu_stats: before, memory_stats: memory, preread } = await second;
  assert.deepEqual([before?.cpu_usage?.total_usage, cpu?.cpu_usage?.total_usage], [1000, 5000]);
  assert.deepEqual(cpu?.cpu_usage?.percpu_usage, [5000]);
  assert.deepEqual(
    [memory?.usage, memory?.limit, memory?.max_usage, memory?.stats],
    [50, 100, 60, { cache: 7 }],
  );
  assert.notEqual(preread, never);
  await samples.return?.();
});

test('one answer takes two measurements a second apart, a one-shot takes one', async () => {
  const { fixture: made, clock, id } = await opened();
  await using fixture = made;
  const oneShot = await fixture.service.stats(id, { stream: false, oneShot: true, signal });
  const shot = await Array.fromAsync(oneShot);
  assert.deepEqual([shot.length, shot[0]?.precpu_stats?.cpu_usage?.total_usage], [1, 0]);
  const answer = Array.fromAsync(await fixture.service.stats(id, { stream: false, oneShot: false, signal }));
  await clock.sleeping();
  await clock.advance(1000);
  const [whole, ...more] = await answer;
  assert.deepEqual([whole?.precpu_stats?.cpu_usage?.total_usage, more], [1000, []]);
});

test('a container that does not run has its name, its id and zeros', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('sleep');
  const [empty] = await Array.fromAsync(
    await fixture.service.stats(id, { stream: false, oneShot: false, signal }),
  );
  assert.equal(empty?.id, id);
  assert.deepEqual(
    [empty.read, empty.memory_stats, empty.pids_stats, empty.networks],
    [never, {}, {}, undefined],
  );
  assert.equal(empty.blkio_stats?.io_service_bytes_recursive, null);
  assert.equal(empty.cpu_stats?.system_cpu_usage, undefined);
});

test('a stream goes on while the container does not run, and ends when it is removed', async () => {
  const { fixture: made, clock, id } = await opened();
  await using fixture = made;
  const stream = await fixture.service.stats(id, { stream: true, oneShot: false, signal });
  const samples = stream[Symbol.asyncIterator]();
  await next(samples);
  const ended = fixture.wait(id, 'next-exit');
  fixture.runtime.process(id).end(0);
  await ended;
  const stopped = next(samples);
  await clock.sleeping();
  await clock.advance(1000);
  assert.equal((await stopped).read, never);
  await fixture.service.remove(id, { force: false, volumes: false });
  const end = samples.next();
  await clock.sleeping();
  await clock.advance(1000);
  assert.equal((await end).done, true);
});

test('readers of one container share its samples; a reader that is aborted ends', async () => {
  const { fixture: made, clock, id } = await opened();
  await using fixture = made;
  const leaving = new AbortController();
  const options = { stream: true, oneShot: false };
  const one = (await fixture.service.stats(id, { ...options, signal }))[Symbol.asyncIterator]();
  const other = (await fixture.service.stats(id, { ...options, signal: leaving.signal }))[
    Symbol.asyncIterator
  ]();
  await Promise.all([next(one), next(other)]);
  const both = Promise.all([next(one), next(other)]);
  await clock.sleeping();
  await clock.advance(1000);
  const [left, right] = await both;
  assert.equal(left.read, right.read);
  const end = other.next();
  leaving.abort();
  assert.equal((await end).done, true);
  await one.return?.();
});
