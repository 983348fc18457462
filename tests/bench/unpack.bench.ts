import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { silentLogger } from '@gantry/base';
import { mount, umount } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import { openSnapshotter, type PackedLayer, type Snapshotter } from '@gantry/snapshots';
import { temporaryRoot } from '@gantry/testkit';
import { type BenchRow, cost, inTurns, rate, speedup } from './support/bench-row.ts';

const rounds = 3;
const largeFiles = 32;
const largeFileBytes = 16 * 1024 * 1024;
const smallFiles = 40_000;
const snapshotRounds = 200;

/** Unpacking on tmpfs, so that threads and not disks are measured, against GNU tar; and snapshots of what was unpacked. */
export async function bench(): Promise<BenchRow[]> {
  await using folder = await temporaryRoot('bench');
  mount({ source: 'bench', target: folder.path, type: 'tmpfs', data: 'mode=700' });
  try {
    await using snapshots = await openSnapshotter({
      root: path.join(folder.path, 'root'),
      logger: silentLogger,
    });
    const place = new BenchPlace(folder.path, snapshots);
    return [...(await unpackingRows(place)), ...(await parallelRows(place)), ...(await snapshotRows(place))];
  } finally {
    await umount(folder.path, { detach: true });
  }
}

class BenchPlace {
  readonly folder: string;
  readonly snapshots: Snapshotter;

  constructor(folder: string, snapshots: Snapshotter) {
    this.folder = folder;
    this.snapshots = snapshots;
  }

  /** A tar of files in directories of two hundred. */
  async layer(name: string, files: number, content: () => Uint8Array): Promise<PackedLayer> {
    const source = path.join(this.folder, name);
    for (let index = 0; index < files; index++) {
      const directory = path.join(source, `d${Math.floor(index / 200)}`);
      if (index % 200 === 0) mkdirSync(directory, { recursive: true });
      writeFileSync(path.join(directory, `f${index}`), content());
    }
    const blobPath = `${source}.tar`;
    execFileSync('tar', ['-C', source, '-cf', blobPath, '.']);
    rmSync(source, { recursive: true });
    return { diffId: await digestOf(blobPath), blobPath, compression: 'none' };
  }

  /** Unpacks, and removes again outside of what is timed by the caller. */
  async unpack(layers: readonly PackedLayer[]): Promise<void> {
    await Promise.all(layers.map((layer) => this.snapshots.unpackLayer(layer)));
  }

  async forget(layers: readonly PackedLayer[]): Promise<void> {
    for (const layer of layers) await this.snapshots.removeLayer(layer.diffId);
  }

  untar(layer: PackedLayer): void {
    const target = path.join(this.folder, 'untar');
    mkdirSync(target);
    execFileSync('tar', ['-C', target, '-xf', layer.blobPath]);
    rmSync(target, { recursive: true });
  }
}

async function unpackingRows(place: BenchPlace): Promise<BenchRow[]> {
  const random = randomBytes(largeFileBytes);
  const large = await place.layer('large', largeFiles, () => random);
  const small = await place.layer('small', smallFiles, () => Buffer.from('x'.repeat(500)));
  const once = (layer: PackedLayer) => async (): Promise<void> => {
    await place.unpack([layer]);
    await place.forget([layer]);
  };
  const [largeMs = 0, largeTarMs = 0, smallMs = 0, smallTarMs = 0] = await inTurns(rounds, [
    once(large),
    async () => place.untar(large),
    once(small),
    async () => place.untar(small),
  ]);
  const megabytes = statSync(large.blobPath).size / 1e6;
  const bytes = { unit: 'MB/s', ours: megabytes / (largeMs / 1000) };
  const files = { unit: 'files/s', ours: smallFiles / (smallMs / 1000) };
  const tar = 'GNU tar, which checks no digest';
  return [
    rate({ name: 'unpacking large files', ...bytes, other: 300, against: 'what is wanted' }, 1),
    rate({ name: 'unpacking large files', ...bytes, other: megabytes / (largeTarMs / 1000), against: tar }),
    rate({ name: 'unpacking small files', ...files, other: 30_000, against: 'what is wanted' }, 1),
    rate({ name: 'unpacking small files', ...files, other: smallFiles / (smallTarMs / 1000), against: tar }),
  ];
}

async function parallelRows(place: BenchPlace): Promise<BenchRow[]> {
  const names = ['one', 'two'];
  const layers: PackedLayer[] = [];
  for (const name of names) layers.push(await place.layer(name, smallFiles / 2, () => Buffer.from(name)));
  const [oneByOne = 0, atOnce = 0] = await inTurns(rounds, [
    async () => {
      for (const layer of layers) await place.unpack([layer]);
      await place.forget(layers);
    },
    async () => {
      await place.unpack(layers);
      await place.forget(layers);
    },
  ]);
  const measured = { name: 'two layers at once', unit: 'ms', ours: atOnce, other: oneByOne };
  return [speedup({ ...measured, against: 'one after the other' }, 1)];
}

async function snapshotRows(place: BenchPlace): Promise<BenchRow[]> {
  const layer = await place.layer('base', 10, () => Buffer.from('x'));
  await place.unpack([layer]);
  let [upMs, downMs] = [0, 0];
  for (let index = 0; index < snapshotRounds; index++) {
    const started = performance.now();
    await place.snapshots.create('bench', [layer.diffId], { volatile: true });
    await place.snapshots.mount('bench');
    const mounted = performance.now();
    await place.snapshots.unmount('bench');
    await place.snapshots.remove('bench');
    upMs += mounted - started;
    downMs += performance.now() - mounted;
  }
  const wanted = { unit: 'ms', other: 1, against: 'what is wanted' };
  return [
    cost({ name: 'create and mount a volatile snapshot', ours: upMs / snapshotRounds, ...wanted }, 1),
    cost({ name: 'unmount and remove it', ours: downMs / snapshotRounds, ...wanted }, 1),
  ];
}

async function digestOf(file: string): Promise<Digest> {
  return `sha256:${createHash('sha256')
    .update(await readFile(file))
    .digest('hex')}`;
}
