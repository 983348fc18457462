import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hostPlatform } from '@gantry/oci';
import { temporaryRoot } from '@gantry/testkit';
import { DockerRegistry } from '../support/docker-registry.ts';
import { peakResidentBytes } from '../support/footprint.ts';
import { run } from '../support/processes.ts';
import { type BenchRow, cost, speedup } from './support/bench-row.ts';
import { type MeasuredEngine, startDockerd, startGantry } from './support/engines.ts';

const layerCount = 8;
const filesOfLayer = 2000;
const fileBytes = 60 * 1024;
const mebibyte = 1024 * 1024;
const allowedMebibytes = 150;
const repository = 'bench/large';

/** An image of eight layers and a gigabyte, pulled from a registry on the loopback and pushed to another. */
export async function bench(): Promise<BenchRow[]> {
  await using folder = await temporaryRoot('bench-registry');
  await using registry = await DockerRegistry.start(path.join(folder.path, 'registry'), 5811);
  await using target = await DockerRegistry.start(path.join(folder.path, 'target'), 5812);
  // Layers are made in memory: for minutes after thousands of files were deleted, ext4 is slow to make others.
  await fill(registry, '/run');
  await using gantry = await startGantry();
  const ours = await transfers(gantry, registry, target, 'ours');
  const peak = peakResidentBytes(gantry.pid) / mebibyte;
  const memory = cost(
    {
      name: "  the engine's peak memory over both",
      unit: 'MB',
      ours: peak,
      other: allowedMebibytes,
      against: 'what is wanted',
    },
    1,
  );
  await using dockerd = await startDockerd();
  if (dockerd === undefined) return [memory];
  const theirs = await transfers(dockerd, registry, target, 'theirs');
  const measured = { unit: 'ms', against: dockerd.name };
  return [
    speedup({ ...measured, name: 'pull of 1 GB in 8 layers', ours: ours.pullMs, other: theirs.pullMs }, 2.5),
    speedup({ ...measured, name: 'the same again', ours: ours.againMs, other: theirs.againMs }),
    speedup({ ...measured, name: 'push of it', ours: ours.pushMs, other: theirs.pushMs }, 2.5),
    memory,
  ];
}

interface Transfers {
  pullMs: number;
  againMs: number;
  pushMs: number;
}

async function transfers(
  engine: MeasuredEngine,
  registry: DockerRegistry,
  target: DockerRegistry,
  whose: string,
): Promise<Transfers> {
  const name = `${registry.host}/${repository}`;
  const copy = `${target.host}/${whose}/large`;
  const pullMs = await timed(engine, 'pull', '-q', name);
  const againMs = await timed(engine, 'pull', '-q', name);
  await timed(engine, 'tag', name, copy);
  return { pullMs, againMs, pushMs: await timed(engine, 'push', '-q', copy) };
}

async function timed(engine: MeasuredEngine, ...args: string[]): Promise<number> {
  const [command, ...before] = engine.cli;
  const started = performance.now();
  const { exitCode, stderr } = await run(command, [...before, ...args], { timeoutMs: 120_000 });
  if (exitCode !== 0) throw new Error(`${engine.name}: ${args.join(' ')}: ${stderr}`);
  return performance.now() - started;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

/** Puts the image into the registry. */
async function fill(registry: DockerRegistry, folder: string): Promise<void> {
  const layers: Descriptor[] = [];
  const diffIds: string[] = [];
  for (let number = 0; number < layerCount; number += 1) {
    const tar = makeLayer(folder, number);
    diffIds.push(await digestOf(tar));
    execFileSync('gzip', ['-1', tar]);
    layers.push(await put(registry, `${tar}.gz`, 'application/vnd.docker.image.rootfs.diff.tar.gzip'));
  }
  const config = path.join(folder, 'config');
  const { os, architecture } = hostPlatform();
  const rootfs = { type: 'layers', diff_ids: diffIds };
  writeFileSync(config, JSON.stringify({ os, architecture, config: {}, rootfs, history: [] }));
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: await put(registry, config, 'application/vnd.docker.container.image.v1+json'),
    layers,
  };
  await ask(`http://${registry.host}/v2/${repository}/manifests/latest`, {
    method: 'PUT',
    headers: { 'Content-Type': mediaType },
    body: JSON.stringify(manifest),
  });
}

/** Files of which a half does not compress. */
function makeLayer(folder: string, number: number): string {
  const source = path.join(folder, `layer${number}`);
  const text = Buffer.from(`${number} all work and no play `.repeat(2000)).subarray(0, fileBytes / 2);
  for (let file = 0; file < filesOfLayer; file += 1) {
    const directory = path.join(source, `l${number}`, `d${file % 20}`);
    if (file < 20) mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, `f${file}`), Buffer.concat([randomBytes(fileBytes / 2), text]));
  }
  const tar = `${source}.tar`;
  execFileSync('tar', ['-C', source, '-cf', tar, '.']);
  rmSync(source, { recursive: true });
  return tar;
}

async function put(registry: DockerRegistry, file: string, mediaType: string): Promise<Descriptor> {
  const digest = await digestOf(file);
  const { size } = statSync(file);
  const begun = await ask(`http://${registry.host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const target = new URL(begun.headers.get('location') ?? '');
  target.searchParams.set('digest', digest);
  await ask(target.href, {
    method: 'PUT',
    headers: { 'Content-Length': String(size) },
    body: createReadStream(file),
    duplex: 'half',
  } as unknown as RequestInit);
  rmSync(file);
  return { mediaType, digest, size };
}

async function ask(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(`${options.method} ${url}: ${response.status} ${await response.text()}`);
  return response;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: mebibyte })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
