/**
 * What the file systems of most machines cannot prove: containers and volumes that are held to a size by project quotas, on xfs and on ext4.
 * Run by `npm run test:vm` in a virtual machine; it runs as well, as root, on any machine whose kernel has them. Throws at the first
 * thing that is not as it should be.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { HostConfig } from '@gantry/api-types';
import { type Engine, type EngineOptions, openEngine } from '@gantry/engine';
import { busyboxArchive, busyboxImage } from '../../support/busybox-image.ts';

const mb = 1024 * 1024;
const never = new AbortController().signal;
const root = process.argv[2] ?? '/run/gantry-quotas';
const archive = await busyboxArchive();
execFileSync('modprobe', ['loop']);

for (const [type, make, option] of [
  ['xfs', ['mkfs.xfs', '-q'], 'pquota'],
  ['ext4', ['mkfs.ext4', '-q', '-O', 'quota,project'], 'prjquota'],
] as const) {
  const place = path.join(root, type);
  const image = `${place}.img`;
  mkdirSync(place, { recursive: true });
  writeFileSync(image, '');
  truncateSync(image, 400 * mb);
  execFileSync(make[0], [...make.slice(1), image], { stdio: 'inherit' });
  execFileSync('mount', ['-o', `loop,${option}`, image, place]);
  try {
    await walk(place);
  } finally {
    execFileSync('umount', ['-R', place]);
    rmSync(image);
  }
  console.log(`${type}: held to sizes`);
}
console.log('quotas: all is well');

async function walk(place: string): Promise<void> {
  const open = (options: Partial<EngineOptions> = {}): Promise<Engine> =>
    openEngine({
      dataRoot: path.join(place, 'data'),
      execRoot: path.join(root, 'exec'),
      bridge: 'none',
      ...options,
    });
  let kept: string;
  {
    await using engine = await open();
    await engine.images.load(oneChunk(archive), { onProgress: () => {} });
    kept = await containersAreHeldToTheirSizes(engine);
    await volumesAreToo(engine);
  }
  {
    await using engine = await open({ storageSizeBytes: 8 * mb });
    await thereIsADefault(engine);
    await sizesOutliveTheEngine(engine, kept);
  }
  // Copied, files have no projects.
  execFileSync('cp', ['-ax', path.join(place, 'data'), path.join(place, 'copied')]);
  await using engine = await open({ dataRoot: path.join(place, 'copied') });
  await sizesComeBack(engine, kept);
}

async function containersAreHeldToTheirSizes(engine: Engine): Promise<string> {
  const small = await create(engine, { StorageOpt: { size: '16m' } });
  const other = await create(engine, { StorageOpt: { size: '0.01g' } });
  const free = await create(engine, {});
  assert.ok(between(await fill(engine, small, '/big'), 12, 16));
  assert.ok(between(await fill(engine, other, '/big'), 7, 10.24));
  assert.ok(between(await fill(engine, free, '/big', 40), 40, 40));
  assert.match(await output(engine, small, 'df -m / | tail -n 1'), /^overlay\s+16\s/);
  const [listed] = (
    await engine.containers.list({ all: true, size: true, filters: new Map([['id', [small]]]) })
  ).map(({ SizeRw }) => (SizeRw ?? 0) / mb);
  assert.ok(between(listed ?? 0, 12, 16));
  // What is deleted can be written again, by others too.
  await output(engine, small, 'rm /big');
  assert.ok(between(await fill(engine, small, '/again'), 12, 16));
  for (const id of [other, free]) await engine.containers.remove(id, { force: true, volumes: true });
  return small;
}

async function volumesAreToo(engine: Engine): Promise<void> {
  await engine.volumes.create({ name: 'small', options: { size: '8m' } });
  const id = await create(engine, { Binds: ['small:/data', '/etc:/etc-of-the-host:ro'] });
  assert.ok(between(await fill(engine, id, '/data/big'), 6, 8));
  assert.ok(between(await fill(engine, id, '/big', 20), 20, 20));
  await engine.containers.remove(id, { force: true, volumes: true });
  await assert.rejects(
    engine.volumes.create({ name: 'both', options: { size: '8m', type: 'tmpfs', device: 'tmpfs' } }),
    /quota size requested for a device/,
  );
}

async function sizesOutliveTheEngine(engine: Engine, id: string): Promise<void> {
  assert.ok(between(await fill(engine, id, '/more'), 0, 4));
  const user = await create(engine, { Binds: ['small:/data'] });
  assert.ok(between(await fill(engine, user, '/data/more'), 0, 2));
  await engine.containers.remove(user, { force: true, volumes: true });
  await engine.containers.stop(id, { timeoutSeconds: 0 });
}

async function thereIsADefault(engine: Engine): Promise<void> {
  const id = await create(engine, {});
  assert.ok(between(await fill(engine, id, '/big'), 5, 8));
  await engine.containers.remove(id, { force: true, volumes: true });
  const free = await create(engine, { StorageOpt: { size: '0' } });
  assert.ok(between(await fill(engine, free, '/big', 20), 20, 20));
  await engine.containers.remove(free, { force: true, volumes: true });
}

async function sizesComeBack(engine: Engine, id: string): Promise<void> {
  assert.ok(between(await fill(engine, id, '/yet-more'), 0, 4));
  const user = await create(engine, { Binds: ['small:/data'] });
  assert.ok(between(await fill(engine, user, '/data/yet-more'), 0, 2));
}

async function create({ containers }: Engine, host: HostConfig): Promise<string> {
  const { Id: id } = await containers.create(
    { Image: busyboxImage, Cmd: ['sleep', '100000'], HostConfig: { NetworkMode: 'none', ...host } },
    {},
  );
  await containers.start(id);
  return id;
}

/** Writes zeros until no more fit, or so many megabytes; how many there were. */
async function fill(engine: Engine, id: string, file: string, megabytes = 64): Promise<number> {
  const said = await output(
    engine,
    id,
    `dd if=/dev/zero of=${file} bs=64k count=${megabytes * 16} 2>/dev/null; sync; stat -c %s ${file}`,
  );
  return Number(said) / mb;
}

/** Of a shell in the container, started again if it does not run. */
async function output({ containers, execs }: Engine, id: string, script: string): Promise<string> {
  if ((await containers.inspect(id, { size: false })).State?.Running !== true) await containers.start(id);
  const exec = await execs.create(id, { Cmd: ['sh', '-c', script], AttachStdout: true });
  const session = await execs.start(exec, { terminal: false, signal: never });
  const parts: Uint8Array[] = [];
  for await (const { data } of session.output) parts.push(data);
  return Buffer.concat(parts).toString().trim();
}

function between(count: number, least: number, most: number): boolean {
  if (count >= least && count <= most) return true;
  console.log(`${count} is not between ${least} and ${most}`);
  return false;
}

async function* oneChunk(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
