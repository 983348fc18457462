/**
 * What fixtures cannot prove: containers as scopes of a real service manager, with limits that it and the kernel agree on. Run by
 * `npm run test:vm` in a virtual machine; it runs as well, as root, where systemd manages cgroup v2. Throws at the first thing that is not
 * as it should be.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { HostConfig } from '@gantry/api-types';
import { type Engine, openEngine } from '@gantry/engine';
import { busyboxArchive, busyboxImage } from '../../support/busybox-image.ts';

const mb = 1024 * 1024;
const never = new AbortController().signal;
const root = process.argv[2] ?? '/run/gantry-systemd';
const open = (): Promise<Engine> =>
  openEngine({
    dataRoot: path.join(root, 'data'),
    execRoot: path.join(root, 'exec'),
    bridge: 'none',
    cgroupDriver: 'systemd',
  });

let kept: string;
{
  await using engine = await open();
  await engine.images.load(oneChunk(await busyboxArchive()), { onProgress: () => {} });
  assert.equal((await engine.system.info()).CgroupDriver, 'systemd');
  await limitsAreThoseOfTheScope(engine);
  await aSliceCanBeChosen(engine);
  await anOutOfMemoryKillIsTold(engine);
  kept = await start(engine, ['sleep', '100000'], {});
}
{
  await using engine = await open();
  await itOutlivesTheEngineAndAReload(engine, kept);
}
console.log('systemd: all is well');

async function limitsAreThoseOfTheScope(engine: Engine): Promise<void> {
  const id = await start(engine, ['sleep', '100000'], {
    Memory: 64 * mb,
    CpuPeriod: 100_000,
    CpuQuota: 20_000,
    PidsLimit: 33,
    CpuShares: 512,
  });
  const cgroup = cgroupOf(await pidOf(engine, id));
  assert.match(cgroup, new RegExp(`^/system\\.slice/[a-z]+-${id}\\.scope(/|$)`));
  assert.deepEqual(filesOf(cgroup, ['memory.max', 'cpu.max', 'pids.max']), [
    String(64 * mb),
    '20000 100000',
    '33',
  ]);
  const scope = scopeOf(cgroup);
  // The limits are those of the cgroup that it was given to manage by itself.
  assert.deepEqual(shown(scope, ['ActiveState', 'Delegate']), ['active', 'yes']);
  await engine.containers.update(id, {
    Memory: 32 * mb,
    MemorySwap: 32 * mb,
    CpuQuota: 10_000,
    PidsLimit: 20,
  });
  assert.deepEqual(filesOf(cgroup, ['memory.max', 'cpu.max', 'pids.max']), [
    String(32 * mb),
    '10000 100000',
    '20',
  ]);
  // What systemd does not know it takes away at its next chance.
  execFileSync('systemctl', ['daemon-reload']);
  assert.deepEqual(filesOf(cgroup, ['memory.max', 'cpu.max', 'pids.max']), [
    String(32 * mb),
    '10000 100000',
    '20',
  ]);
  await engine.containers.pause(id);
  assert.match(filesOf(cgroup, ['cgroup.events'])[0] ?? '', /^frozen 1$/m);
  await engine.containers.unpause(id);
  const [stats] = await Array.fromAsync(
    await engine.containers.stats(id, { stream: false, oneShot: false, signal: never }),
  );
  assert.equal(stats?.memory_stats?.limit, 32 * mb);
  const exec = await engine.execs.create(id, { Cmd: ['sleep', '100000'] });
  await engine.execs.startDetached(exec);
  const { Pid: pid = 0 } = await engine.execs.inspect(exec);
  assert.ok(cgroupOf(pid).startsWith(`/system.slice/${scope}`));
  await engine.containers.remove(id, { force: true, volumes: true });
  assert.equal(existsSync(path.join('/sys/fs/cgroup/system.slice', scope)), false);
  assert.deepEqual(shown(scope, ['ActiveState']), ['inactive']);
}

async function aSliceCanBeChosen(engine: Engine): Promise<void> {
  const id = await start(engine, ['sleep', '100000'], { CgroupParent: 'gantry-walk.slice' });
  const cgroup = cgroupOf(await pidOf(engine, id));
  assert.match(cgroup, /^\/gantry\.slice\/gantry-walk\.slice\/[a-z]+-[0-9a-f]{64}\.scope/);
  await engine.containers.remove(id, { force: true, volumes: true });
}

async function anOutOfMemoryKillIsTold(engine: Engine): Promise<void> {
  const id = await start(engine, ['tail', '-c', '200m', '/dev/zero'], {
    Memory: 16 * mb,
    MemorySwap: 16 * mb,
  });
  const { result } = await engine.containers.wait(id, 'not-running', never);
  assert.equal((await result).StatusCode, 137);
  assert.equal((await engine.containers.inspect(id, { size: false })).State?.OOMKilled, true);
  await engine.containers.remove(id, { force: true, volumes: true });
}

async function itOutlivesTheEngineAndAReload(engine: Engine, id: string): Promise<void> {
  assert.equal((await engine.containers.inspect(id, { size: false })).State?.Running, true);
  execFileSync('systemctl', ['daemon-reload']);
  await engine.containers.update(id, { PidsLimit: 40 });
  assert.deepEqual(filesOf(cgroupOf(await pidOf(engine, id)), ['pids.max']), ['40']);
  const scope = scopeOf(cgroupOf(await pidOf(engine, id)));
  // As an administrator ends it.
  const { result } = await engine.containers.wait(id, 'not-running', never);
  execFileSync('systemctl', ['kill', '--signal=KILL', scope]);
  assert.equal((await result).StatusCode, 137);
  assert.deepEqual(await engine.disk.check({ repair: false }), []);
  await engine.containers.remove(id, { force: true, volumes: true });
}

async function start(engine: Engine, command: string[], host: HostConfig): Promise<string> {
  const { Id: id } = await engine.containers.create(
    { Image: busyboxImage, Cmd: command, HostConfig: { NetworkMode: 'none', ...host } },
    {},
  );
  await engine.containers.start(id);
  return id;
}

async function pidOf(engine: Engine, id: string): Promise<number> {
  return (await engine.containers.inspect(id, { size: false })).State?.Pid ?? 0;
}

function cgroupOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().replace(/^0::/, '');
}

function scopeOf(cgroup: string): string {
  return cgroup.split('/').find((part) => part.endsWith('.scope')) ?? '';
}

function filesOf(cgroup: string, files: readonly string[]): string[] {
  return files.map((file) => readFileSync(path.join('/sys/fs/cgroup', cgroup, file), 'utf8').trim());
}

function shown(unit: string, properties: readonly string[]): string[] {
  const words = properties.flatMap((property) => ['--property', property]);
  const said = execFileSync('systemctl', ['show', unit, ...words], { encoding: 'utf8' });
  const values = new Map(said.split('\n').map((line) => line.split('=', 2) as [string, string]));
  return properties.map((property) => values.get(property) ?? '');
}

async function* oneChunk(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
