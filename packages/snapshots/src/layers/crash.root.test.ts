import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '@gantry/base';
import { mount, umount } from '@gantry/kernel';
import { LeakCheck, temporaryRoot } from '@gantry/testkit';
import { layerFile } from '../../testing/index.ts';
import { StorageFullError } from '../errors.ts';
import { openSnapshotter } from '../open-snapshotter.ts';

const childProgram = path.resolve(import.meta.dirname, '../../testing/unpack-child.ts');

test('an engine killed in the middle of unpacking leaves nothing visible', async () => {
  await using folder = await temporaryRoot('crash');
  const root = path.join(folder.path, 'root');
  const members = Array.from({ length: 40 }, (_, index) => ({
    name: `dir-${index}/file`,
    content: Buffer.alloc(100_000, index),
  }));
  const layer = layerFile(folder.path, members);
  const pipe = path.join(folder.path, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const child = spawn(process.execPath, [childProgram, root, pipe, layer.diffId], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const feeding = createWriteStream(pipe);
  feeding.on('error', () => undefined);
  const tar = readFileSync(layer.blobPath);
  // Written means read by the child, but for what the pipe holds.
  await new Promise((resolve) => feeding.write(tar.subarray(0, tar.length / 2), resolve));
  assert.equal(readdirSync(path.join(root, 'incoming')).length, 1);
  child.kill('SIGKILL');
  await once(child, 'close');
  feeding.destroy();

  await using snapshots = await openSnapshotter({ root, logger: silentLogger });
  assert.deepEqual(await snapshots.layers(), []);
  assert.deepEqual(readdirSync(path.join(root, 'incoming')), []);
  const info = await snapshots.unpackLayer(layer);
  assert.equal(readdirSync(info.path).length, 40);
});

test('a full disk is told, leaves nothing, and what fits still works', async () => {
  await using folder = await temporaryRoot('full');
  await using _leaks = await LeakCheck.begin({ tag: folder.path });
  const root = path.join(folder.path, 'root');
  mkdirSync(root);
  mount({ source: 'small', target: root, type: 'tmpfs', data: 'size=8m' });
  try {
    await using snapshots = await openSnapshotter({ root, logger: silentLogger });
    const large = layerFile(folder.path, [{ name: 'large', content: Buffer.alloc(20_000_000, 1) }]);
    await assert.rejects(snapshots.unpackLayer(large), StorageFullError);
    assert.deepEqual(await snapshots.layers(), []);
    const small = layerFile(folder.path, [{ name: 'small', content: Buffer.alloc(1_000_000, 1) }]);
    assert.equal((await snapshots.unpackLayer(small)).sizeBytes, 1_000_000);
  } finally {
    await umount(root, { detach: true });
  }
});

test('unpacking and snapshots leave no descriptor, thread or mount', async () => {
  await using folder = await temporaryRoot('leaks');
  const root = path.join(folder.path, 'root');
  await using _leaks = await LeakCheck.begin({ tag: folder.path });
  await using snapshots = await openSnapshotter({ root, logger: silentLogger });
  const run = async (round: number): Promise<void> => {
    const good = layerFile(folder.path, [{ name: `good-${round}/x`, content: 'x' }], { compression: 'gzip' });
    const bad = layerFile(folder.path, [{ name: `d-${round}/x`, content: 'x' }, { name: '../bad' }]);
    await snapshots.unpackLayer(good);
    await assert.rejects(snapshots.unpackLayer(bad));
    await snapshots.create('one', [good.diffId], { volatile: round % 2 === 0 });
    await snapshots.mount('one');
    await snapshots.usage('one');
    await snapshots.remove('one');
    await snapshots.removeLayer(good.diffId);
  };
  await run(0);
  await using _descriptors = await LeakCheck.begin({ tag: folder.path });
  for (let round = 1; round < 20; round++) await run(round);
});
