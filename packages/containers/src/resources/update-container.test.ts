import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostConfig } from '@gantry/api-types';
import { EngineError } from '@gantry/base';
import { ContainerFixture } from '../../testing/index.ts';

const mb = 1024 * 1024;

async function hostConfig(fixture: ContainerFixture, id: string): Promise<HostConfig> {
  return (await fixture.service.inspect(id, { size: false })).HostConfig ?? {};
}

test('an update of a running container reaches its cgroup, is told, and outlives the engine', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep', { HostConfig: { Memory: 64 * mb } });
  const answer = await fixture.service.update(id, {
    Memory: 32 * mb,
    CpuShares: 512,
    PidsLimit: 9,
    CpusetCpus: '',
    CpuQuota: 0,
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
  });
  assert.deepEqual(answer, { Warnings: [] });
  assert.deepEqual(fixture.runtime.updates, [
    { memoryBytes: 32 * mb, memorySwapBytes: 128 * mb, cpuShares: 512, pidsLimit: 9 },
  ]);
  await fixture.event('update');
  await fixture.restart();
  const host = await hostConfig(fixture, id);
  assert.deepEqual(
    [host.Memory, host.MemorySwap, host.CpuShares, host.PidsLimit, host.RestartPolicy?.Name],
    [32 * mb, 128 * mb, 512, 9, 'on-failure'],
  );
});

test('an update of a container that does not run counts from its next start', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('sleep', { HostConfig: { PidsLimit: 5 } });
  await fixture.service.update(id, { PidsLimit: -1, NanoCpus: 5e8 });
  assert.deepEqual(fixture.runtime.updates, []);
  const host = await hostConfig(fixture, id);
  assert.deepEqual([host.PidsLimit, host.NanoCpus], [null, 5e8]);
});

test('a limit that the kernel refuses is not recorded, and those before it are put back', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep', { HostConfig: { Memory: 64 * mb } });
  fixture.runtime.refusals.push(new EngineError('invalid', 'limit-refused', 'more is in use'));
  await assert.rejects(fixture.service.update(id, { Memory: 32 * mb, CpuShares: 7 }), {
    kind: 'invalid',
    message: `Cannot update container ${id}: more is in use`,
  });
  assert.deepEqual(fixture.runtime.updates.at(-1), {
    memoryBytes: 64 * mb,
    memorySwapBytes: 128 * mb,
    cpuShares: 1024,
  });
  assert.equal((await hostConfig(fixture, id)).Memory, 64 * mb);
});

test('what does not go together with what the container has is refused', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep', { HostConfig: { Memory: 64 * mb, NanoCpus: 1e9 } });
  const refused = async (change: HostConfig, message: RegExp): Promise<void> =>
    await assert.rejects(fixture.service.update(id, change), { message });
  await refused({ CpuQuota: 5000 }, /CPU Quota cannot be updated as NanoCPUs has already been set/);
  await refused({ CpuPeriod: 5000 }, /CPU Period cannot be updated as NanoCPUs has already been set/);
  await refused({ Memory: 200 * mb }, /update the memoryswap at the same time/);
  await refused({ Memory: 1 }, /Minimum memory limit allowed is 6MB/);
  await refused({ Devices: [{ PathOnHost: '/dev/null' }] }, /Devices cannot be updated/);
  await refused({ RestartPolicy: { Name: 'bogus' as 'no' } }, /invalid restart policy.*bogus/);
  assert.deepEqual(fixture.runtime.updates, []);
  const other = await fixture.run('sleep', { HostConfig: { CpuPeriod: 5000, AutoRemove: true } });
  await assert.rejects(fixture.service.update(other, { NanoCpus: 1e9 }), {
    kind: 'conflict',
    message: /Nano CPUs cannot be updated as CPU Period/,
  });
  await assert.rejects(
    fixture.service.update(other, { RestartPolicy: { Name: 'always' } }),
    /AutoRemove is enabled/,
  );
});
