import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '@gantry/base';
import { isMountPoint } from '@gantry/kernel';
import { LeakCheck, temporaryRoot } from '@gantry/testkit';
import { layerFile, snapshotterConformance } from '../../testing/index.ts';
import { UnsuitableDataRootError } from '../errors.ts';
import { openSnapshotter } from '../open-snapshotter.ts';

const open = (root: string) => openSnapshotter({ root, logger: silentLogger });

snapshotterConformance('overlay', open);

test('a volatile snapshot of an earlier boot is thrown away, others stay', async () => {
  await using folder = await temporaryRoot();
  const root = path.join(folder.path, 'root');
  {
    await using snapshots = await open(root);
    await snapshots.create('lost', [], { volatile: true });
    await snapshots.create('kept', []);
    for (const id of await snapshots.list()) {
      writeFileSync(path.join(await snapshots.mount(id), 'x'), '');
      await snapshots.unmount(id);
    }
  }
  const file = path.join(root, 'writable/lost/snapshot.json');
  const record = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...record, bootId: 'another' }));
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  await using snapshots = await openSnapshotter({ root, logger });
  assert.deepEqual(await snapshots.list(), ['kept']);
  assert.deepEqual(warnings, ['a volatile snapshot did not survive the restart of the host']);
  await assert.rejects(snapshots.mount('lost'), { name: 'SnapshotNotFoundError' });
});

test('a volatile snapshot is mounted again within one boot, though it was never unmounted properly', async () => {
  await using folder = await temporaryRoot();
  await using snapshots = await open(path.join(folder.path, 'root'));
  await snapshots.create('v', [], { volatile: true });
  const root = await snapshots.mount('v');
  writeFileSync(path.join(root, 'x'), 'kept');
  assert.ok(existsSync(path.join(folder.path, 'root/writable/v/work/work/incompat/volatile')));
  execFileSync('umount', [root]);
  await snapshots.mount('v');
  assert.equal(readFileSync(path.join(root, 'x'), 'utf8'), 'kept');
  await snapshots.remove('v');
});

test('a snapshot with open files is taken out of the tree', async () => {
  await using folder = await temporaryRoot();
  await using _leaks = await LeakCheck.begin({ tag: folder.path, allow: (kind) => kind === 'descriptor' });
  await using snapshots = await open(path.join(folder.path, 'root'));
  await snapshots.create('busy', []);
  const root = await snapshots.mount('busy');
  const child = spawn('cat', [], { cwd: root, stdio: ['pipe', 'ignore', 'ignore'] });
  await once(child, 'spawn');
  await snapshots.remove('busy');
  assert.equal(isMountPoint(root), false);
  child.stdin.end();
  await once(child, 'close');
});

test('a data root on an overlay is refused with what to do', async () => {
  await using folder = await temporaryRoot();
  const place = (name: string): string => path.join(folder.path, name);
  for (const name of ['l', 'u', 'w', 'm']) mkdirSync(place(name));
  const options = `lowerdir=${place('l')},upperdir=${place('u')},workdir=${place('w')}`;
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, place('m')]);
  try {
    await assert.rejects(open(path.join(place('m'), 'root')), (error) => {
      assert.ok(error instanceof UnsuitableDataRootError);
      assert.match(error.message, /overlay.*put the data root on a volume/);
      return true;
    });
    await using copies = await openSnapshotter({
      root: path.join(place('m'), 'copies'),
      logger: silentLogger,
      driver: 'copy',
    });
    await copies.create('one', []);
  } finally {
    execFileSync('umount', [place('m')]);
  }
});

test('a root stays with its driver', async () => {
  await using folder = await temporaryRoot();
  await (await open(folder.path))[Symbol.asyncDispose]();
  await assert.rejects(
    openSnapshotter({ root: folder.path, logger: silentLogger, driver: 'copy' }),
    /made by the storage driver 'overlay'/,
  );
});

test('nobody but root walks into a snapshot', async () => {
  await using folder = await temporaryRoot();
  execFileSync('chmod', ['755', folder.path]);
  const root = path.join(folder.path, 'root');
  await using snapshots = await open(root);
  const layer = await snapshots.unpackLayer(
    layerFile(folder.path, [{ name: 'bin/su', content: '#!/bin/true', mode: 0o4755 }]),
  );
  await snapshots.create('one', [layer.diffId]);
  const merged = await snapshots.mount('one');
  assert.equal(statSync(root).mode & 0o777, 0o700);
  for (const place of [merged, layer.path]) {
    const reading = () =>
      execFileSync('setpriv', ['--reuid=65534', '--clear-groups', 'cat', path.join(place, 'bin/su')], {
        stdio: 'pipe',
      });
    assert.throws(reading, /Permission denied/);
  }
  await snapshots.remove('one');
});

test('damaged records are reported and worked around', async () => {
  await using folder = await temporaryRoot();
  const root = path.join(folder.path, 'root');
  const layer = layerFile(folder.path, [{ name: 'a' }]);
  const used = layerFile(folder.path, [{ name: 'used', content: '12345' }]);
  {
    await using snapshots = await open(root);
    await snapshots.unpackLayer(layer);
    await snapshots.unpackLayer(used);
    await snapshots.create('unmounted', []);
    await snapshots.create('mounted', []);
    await snapshots.mount('mounted');
    await snapshots.create('standing', [used.diffId]);
  }
  for (const { diffId } of [layer, used]) {
    writeFileSync(path.join(root, 'layers', diffId.slice('sha256:'.length), 'layer.json'), '{"version":1');
  }
  writeFileSync(path.join(root, 'writable/unmounted/snapshot.json'), '');
  writeFileSync(path.join(root, 'writable/mounted/snapshot.json'), '{}');
  mkdirSync(path.join(root, 'writable/half-made/upper'), { recursive: true });
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  await using snapshots = await openSnapshotter({ root, logger });
  assert.equal(warnings.length, 5);
  const [kept, ...others] = await snapshots.layers();
  assert.deepEqual([kept?.diffId, kept?.sizeBytes, kept?.entries, others], [used.diffId, 5, 1, []]);
  assert.equal(readFileSync(path.join(await snapshots.mount('standing'), 'used'), 'utf8'), '12345');
  await snapshots.remove('standing');
  assert.deepEqual(await snapshots.list(), ['mounted']);
  assert.ok(isMountPoint(await snapshots.mount('mounted')));
  await snapshots.unpackLayer(layer);
  await snapshots.remove('mounted');
  assert.deepEqual(readdirSync(path.join(root, 'writable')), []);
});
