/**
 * What fixtures cannot prove: an engine on a machine with cgroup v2 alone. Run by `npm run test:vm` in a virtual
 * machine; it runs as well on any such machine, as root. Throws at the first thing that is not as it should be.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { HostConfig } from '@gantry/api-types';
import { openEngine } from '@gantry/engine';
import { detectCgroups } from '@gantry/kernel';
import { busyboxArchive, busyboxImage } from '../../support/busybox-image.ts';

const mb = 1024 * 1024;
const never = new AbortController().signal;
const root = process.argv[2] ?? '/run/gantry-smoke';

assert.equal(detectCgroups().mode, 'v2', 'this machine has cgroup v2 alone');
await using engine = await openEngine({
  dataRoot: path.join(root, 'data'),
  execRoot: path.join(root, 'exec'),
  bridge: 'none',
});
const { containers } = engine;
await engine.images.load(oneChunk(await busyboxArchive()), { onProgress: () => {} });

await limitsAreInTheCgroup();
await anUpdateIsToo();
await aPauseFreezes();
await anOutOfMemoryKillIsTold();
console.log('cgroup-v2: all is well');

async function limitsAreInTheCgroup(): Promise<void> {
  const { id, warnings } = await start(['sleep', '1000'], {
    Memory: 64 * mb,
    MemoryReservation: 32 * mb,
    CpuShares: 512,
    CpuPeriod: 50_000,
    CpuQuota: 20_000,
    CpusetCpus: '0',
    PidsLimit: 33,
    OomKillDisable: true,
  });
  assert.deepEqual(warnings, ['Your kernel does not support OomKillDisable. OomKillDisable discarded.']);
  const found = filesOf(id, [
    'memory.max',
    'memory.swap.max',
    'memory.low',
    'cpu.max',
    'cpuset.cpus',
    'pids.max',
  ]);
  assert.deepEqual(found, [String(64 * mb), String(64 * mb), String(32 * mb), '20000 50000', '0', '33']);
  await containers.remove(id, { force: true, volumes: true });
}

async function anUpdateIsToo(): Promise<void> {
  const { id } = await start(['sleep', '1000'], { Memory: 64 * mb });
  await containers.update(id, {
    Memory: 32 * mb,
    MemorySwap: 48 * mb,
    CpuShares: 1024,
    CpuQuota: 10_000,
    PidsLimit: 20,
  });
  const found = filesOf(id, ['memory.max', 'memory.swap.max', 'cpu.weight', 'cpu.max', 'pids.max']);
  assert.deepEqual(found, [String(32 * mb), String(16 * mb), '39', '10000 100000', '20']);
  const [stats] = await Array.fromAsync(
    await containers.stats(id, { stream: false, oneShot: false, signal: never }),
  );
  assert.deepEqual(stats?.pids_stats, { current: 1, limit: 20 });
  assert.equal(stats.memory_stats?.limit, 32 * mb);
  assert.ok((stats.memory_stats.usage ?? 0) > 0);
  assert.ok((stats.memory_stats.stats?.['anon'] ?? 0) > 0);
  assert.ok((stats.cpu_stats?.cpu_usage?.total_usage ?? 0) > 0);
  assert.equal(stats.cpu_stats?.cpu_usage?.percpu_usage, undefined);
  await containers.remove(id, { force: true, volumes: true });
}

async function aPauseFreezes(): Promise<void> {
  const { id } = await start(['sleep', '1000'], {});
  await containers.pause(id);
  assert.match(filesOf(id, ['cgroup.events'])[0] ?? '', /^frozen 1$/m);
  await containers.unpause(id);
  assert.match(filesOf(id, ['cgroup.events'])[0] ?? '', /^frozen 0$/m);
  await containers.remove(id, { force: true, volumes: true });
}

/** By a limit from the start, and by one that came later. */
async function anOutOfMemoryKillIsTold(): Promise<void> {
  const limit = { Memory: 16 * mb, MemorySwap: 16 * mb };
  const hungry = await start(['tail', '-c', '200m', '/dev/zero'], limit);
  const late = await start(
    ['sh', '-c', 'while [ ! -e /go ]; do sleep 0.1; done; exec tail -c 200m /dev/zero'],
    {},
  );
  await containers.update(late.id, limit);
  await engine.execs.startDetached(await engine.execs.create(late.id, { Cmd: ['touch', '/go'] }));
  for (const { id } of [hungry, late]) {
    const { result } = await containers.wait(id, 'not-running', never);
    assert.equal((await result).StatusCode, 137);
    assert.equal((await containers.inspect(id, { size: false })).State?.OOMKilled, true);
    await containers.remove(id, { force: true, volumes: true });
  }
}

async function start(command: string[], host: HostConfig): Promise<{ id: string; warnings: string[] }> {
  const { Id: id, Warnings: warnings } = await containers.create(
    { Image: busyboxImage, Cmd: command, HostConfig: { NetworkMode: 'none', ...host } },
    {},
  );
  await containers.start(id);
  return { id, warnings };
}

function filesOf(id: string, files: readonly string[]): string[] {
  return files.map((file) =>
    readFileSync(path.join('/sys/fs/cgroup/gantry', id, 'init', file), 'utf8').trim(),
  );
}

async function* oneChunk(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
