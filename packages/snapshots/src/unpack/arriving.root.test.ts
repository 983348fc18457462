import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { silentLogger } from '@gantry/base';
import { LeakCheck, type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { layerFile } from '../../testing/index.ts';
import { CorruptLayerError, LayerMismatchError, UnsafeLayerError } from '../errors.ts';
import { openSnapshotter } from '../open-snapshotter.ts';
import type { PackedLayer, Snapshotter } from '../snapshotter.ts';
import { ArrivingBlob } from './arriving-blob.ts';

const compressions = ['none', 'gzip', 'zstd'] as const;

/** A blob that comes into a file of its own as far as the test lets it. */
class Transfer {
  readonly blob: ArrivingBlob;
  readonly layer: PackedLayer;
  readonly #bytes: Buffer;
  #sent = 0;

  constructor(folder: string, whole: PackedLayer) {
    this.#bytes = readFileSync(whole.blobPath);
    this.blob = new ArrivingBlob(this.#bytes.length);
    const blobPath = path.join(folder, `partial-${path.basename(whole.blobPath)}`);
    writeFileSync(blobPath, '');
    this.layer = { ...whole, blobPath, arriving: this.blob };
  }

  /** Up to this part of the whole. */
  send(part: number): void {
    const end = Math.floor(this.#bytes.length * part);
    appendFileSync(this.layer.blobPath, this.#bytes.subarray(this.#sent, end));
    this.#sent = end;
    this.blob.arrived(end);
  }
}

interface Place extends AsyncDisposable {
  folder: TemporaryRoot;
  root: string;
  snapshots: Snapshotter & AsyncDisposable;
  /** Paths of what is unpacked and not visible. */
  staged: () => string[];
}

async function open(unpackThreads = 2): Promise<Place> {
  const folder = await temporaryRoot('arriving');
  const root = path.join(folder.path, 'root');
  const snapshots = await openSnapshotter({ root, logger: silentLogger, unpackThreads });
  return {
    folder,
    root,
    snapshots,
    staged: () => readdirSync(path.join(root, 'incoming')),
    [Symbol.asyncDispose]: async () => {
      await snapshots[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Resolves when the file has come up in what is staged: the unpacking has gone so far. */
async function unpacked({ root, staged }: Place, name: string): Promise<void> {
  const isThere = (): boolean =>
    staged().some((staging) => existsSync(path.join(root, 'incoming', staging, 'fs', name)));
  while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function largeLayer(folder: string, compression: PackedLayer['compression']): PackedLayer {
  const names = ['first', 'second', 'third'];
  const members = names.map((name) => ({ name, content: randomBytes(700_000) }));
  return layerFile(folder, members, { compression });
}

describe('a layer whose blob is on its way', () => {
  for (const compression of compressions) {
    test(`is unpacked as far as it has come, and is there when the blob is verified (${compression})`, async () => {
      await using place = await open();
      const { snapshots, folder } = place;
      const transfer = new Transfer(folder.path, largeLayer(folder.path, compression));
      const unpacking = snapshots.unpackLayer(transfer.layer);
      transfer.send(0.7);
      await unpacked(place, 'second');
      assert.deepEqual(await snapshots.layers(), []);
      transfer.send(1);
      await unpacked(place, 'third');
      assert.equal(await snapshots.layer(transfer.layer.diffId), undefined);
      transfer.blob.verified();
      const info = await unpacking;
      assert.deepEqual(readdirSync(info.path).sort(), ['first', 'second', 'third']);
      assert.deepEqual(place.staged(), []);
    });
  }

  test('is never there when the blob was wrong, and leaves nothing', async () => {
    await using place = await open();
    const { snapshots, folder } = place;
    const transfer = new Transfer(folder.path, largeLayer(folder.path, 'gzip'));
    const unpacking = snapshots.unpackLayer(transfer.layer);
    transfer.send(1);
    await unpacked(place, 'third');
    transfer.blob.failed(new Error('wrong digest'));
    await assert.rejects(unpacking, /wrong digest/);
    assert.deepEqual([await snapshots.layers(), place.staged()], [[], []]);
  });

  test('is never there when its own content is wrong, though the blob is right', async () => {
    await using place = await open();
    const { snapshots, folder } = place;
    const good = layerFile(folder.path, [{ name: 'a' }]);
    const other = layerFile(folder.path, [{ name: 'b' }]);
    const climbing = layerFile(folder.path, [{ name: '../out' }]);
    const cut = layerFile(folder.path, [{ name: 'a', content: randomBytes(9000) }], {
      compression: 'gzip',
      damage: (blob) => blob.subarray(0, 5000),
    });
    for (const [layer, error] of [
      [{ ...good, diffId: other.diffId }, LayerMismatchError],
      [climbing, UnsafeLayerError],
      [cut, CorruptLayerError],
    ] as const) {
      const transfer = new Transfer(folder.path, layer);
      const unpacking = snapshots.unpackLayer(transfer.layer);
      transfer.send(1);
      transfer.blob.verified();
      await assert.rejects(unpacking, error);
    }
    assert.deepEqual([await snapshots.layers(), place.staged()], [[], []]);
  });

  test('can be given up while it waits', async () => {
    await using place = await open();
    await using _leaks = await LeakCheck.begin({ tag: place.folder.path, allow: (kind) => kind !== 'mount' });
    for (const compression of compressions) {
      const stop = new AbortController();
      const transfer = new Transfer(place.folder.path, largeLayer(place.folder.path, compression));
      const unpacking = place.snapshots.unpackLayer({ ...transfer.layer, signal: stop.signal });
      transfer.send(0.7);
      await unpacked(place, 'second');
      stop.abort();
      await assert.rejects(unpacking, { name: 'AbortError' });
    }
    assert.deepEqual(place.staged(), []);
  });

  test('keeps no thread from others, and is left where another way was shorter', async () => {
    await using place = await open(1);
    const { snapshots, folder } = place;
    const whole = largeLayer(folder.path, 'gzip');
    const transfers = [whole, largeLayer(folder.path, 'none'), largeLayer(folder.path, 'zstd')].map(
      (layer) => new Transfer(folder.path, layer),
    );
    const unpacking = transfers.map(({ layer }) => snapshots.unpackLayer(layer));
    for (const transfer of transfers) transfer.send(0.5);
    const { path: before } = await snapshots.unpackLayer(whole);
    for (const transfer of transfers) {
      transfer.send(1);
      transfer.blob.verified();
    }
    const [same] = await Promise.all(unpacking);
    assert.equal(same?.path, before);
    assert.deepEqual([(await snapshots.layers()).length, place.staged()], [3, []]);
  });

  test('goes on where its file is removed', async () => {
    await using place = await open();
    const { snapshots, folder } = place;
    const transfer = new Transfer(folder.path, largeLayer(folder.path, 'gzip'));
    transfer.send(1);
    const unpacking = snapshots.unpackLayer(transfer.layer);
    await unpacked(place, 'first');
    rmSync(transfer.layer.blobPath);
    transfer.blob.verified();
    assert.equal((await unpacking).entries, 3);
  });
});

test('a snapshotter that is closed ends what waits for a blob', async () => {
  await using place = await open();
  const transfer = new Transfer(place.folder.path, largeLayer(place.folder.path, 'gzip'));
  const unpacking = place.snapshots.unpackLayer(transfer.layer);
  const rejected = assert.rejects(unpacking);
  transfer.send(0.4);
  await place.snapshots[Symbol.asyncDispose]();
  await rejected;
});
