import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '@gantry/base';
import { ManualClock } from '@gantry/base/testing';
import { digestHex } from '@gantry/oci';
import { type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { layerFile } from '../../testing/index.ts';
import { openSnapshotter } from '../open-snapshotter.ts';
import type { PackedLayer, Snapshotter } from '../snapshotter.ts';
import type { LayerRecord } from './layer-record.ts';

interface Place extends AsyncDisposable {
  snapshots: Snapshotter & AsyncDisposable;
  clock: ManualClock;
  layer: PackedLayer;
}

async function unpacked(folder: TemporaryRoot): Promise<Place> {
  const clock = new ManualClock();
  const snapshots = await openSnapshotter({ root: rootIn(folder), logger: silentLogger, clock });
  const layer = layerFile(folder.path, [{ name: 'file', content: 'content' }]);
  await snapshots.unpackLayer(layer);
  return { snapshots, clock, layer, [Symbol.asyncDispose]: () => snapshots[Symbol.asyncDispose]() };
}

function rootIn(folder: TemporaryRoot): string {
  return path.join(folder.path, 'root');
}

function recordFile(folder: TemporaryRoot, layer: PackedLayer): string {
  return path.join(rootIn(folder), 'layers', digestHex(layer.diffId), 'layer.json');
}

function bootIdOf(folder: TemporaryRoot, layer: PackedLayer): string | undefined {
  return (JSON.parse(readFileSync(recordFile(folder, layer), 'utf8')) as LayerRecord).bootId;
}

test('a layer is there before it is on its medium, and says so', async () => {
  await using folder = await temporaryRoot('settling');
  await using place = await unpacked(folder);
  assert.notEqual(bootIdOf(folder, place.layer), undefined);
  assert.equal((await place.snapshots.layers()).length, 1);
});

test('a snapshot that is to last waits until its layers are on their medium, a volatile one does not', async () => {
  await using folder = await temporaryRoot('settling');
  await using place = await unpacked(folder);
  await place.snapshots.create('volatile', [place.layer.diffId], { volatile: true });
  assert.notEqual(bootIdOf(folder, place.layer), undefined);
  await place.snapshots.create('lasting', [place.layer.diffId]);
  assert.equal(bootIdOf(folder, place.layer), undefined);
});

test('a layer comes to its medium by itself when no more layers come', async () => {
  await using folder = await temporaryRoot('settling');
  const place = await unpacked(folder);
  // The thread's idleness, and the wait for more layers.
  await place.clock.sleeping(2);
  await place.clock.advance(1000);
  await place.snapshots[Symbol.asyncDispose]();
  assert.equal(bootIdOf(folder, place.layer), undefined);
});

test('a layer that nothing stands on may be removed while it comes to its medium', async () => {
  await using folder = await temporaryRoot('settling');
  await using place = await unpacked(folder);
  await place.clock.sleeping(2);
  const advanced = place.clock.advance(1000);
  await place.snapshots.removeLayer(place.layer.diffId);
  await advanced;
  await place.snapshots.unpackLayer(place.layer);
  assert.notEqual(bootIdOf(folder, place.layer), undefined);
});

test('the next engine of the same boot has the layer, one of another boot unpacks it again', async () => {
  await using folder = await temporaryRoot('settling');
  const { layer, snapshots } = await unpacked(folder);
  await snapshots[Symbol.asyncDispose]();
  {
    await using again = await openSnapshotter({ root: rootIn(folder), logger: silentLogger });
    assert.equal((await again.layers()).length, 1);
  }
  const file = recordFile(folder, layer);
  const record = JSON.parse(readFileSync(file, 'utf8')) as LayerRecord;
  writeFileSync(file, JSON.stringify({ ...record, bootId: 'another' }));
  await using rebooted = await openSnapshotter({ root: rootIn(folder), logger: silentLogger });
  assert.deepEqual(await rebooted.layers(), []);
  assert.ok(!existsSync(file));
  const { path: directory } = await rebooted.unpackLayer(layer);
  assert.equal(readFileSync(path.join(directory, 'file'), 'utf8'), 'content');
});
