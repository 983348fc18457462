import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { silentLogger, systemClock } from '@gantry/base';
import { mount } from '@gantry/kernel';
import type { MetadataStore } from '@gantry/state';
import { MemoryMetadataStore } from '@gantry/state/testing';
import { crashingMetadataStore, Killed } from '../testing/crashing-metadata-store.ts';
import { volumeStoreConformance } from '../testing/volume-store-conformance.ts';
import { openVolumeStore } from './open-volume-store.ts';
import type { VolumeStore } from './volume-store.ts';

volumeStoreConformance('DriverVolumeStore', async () => {
  const place = new Place();
  return { store: await place.open(), [Symbol.asyncDispose]: () => Promise.resolve(place[Symbol.dispose]()) };
});

/** A data root, an image's root file system and a store; opening again is a restart. */
class Place implements Disposable {
  readonly folder: string = mkdtempSync('/tmp/gantry-volumes-');
  readonly root: string = path.join(this.folder, 'volumes');
  readonly rootfs: string = path.join(this.folder, 'rootfs');
  readonly metadata: MetadataStore = new MemoryMetadataStore();

  constructor() {
    mkdirSync(path.join(this.rootfs, 'srv'), { recursive: true });
  }

  open(store: MetadataStore = this.metadata): Promise<VolumeStore> {
    return openVolumeStore({
      root: this.root,
      pluginDirectory: path.join(this.folder, 'plugins'),
      store,
      clock: systemClock,
      logger: silentLogger,
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

test('a volume is a directory that anybody may read and nobody may list from above', async () => {
  using place = new Place();
  const mask = process.umask(0o077);
  try {
    const store = await place.open();
    const {
      volume: { mountpoint },
    } = await store.create({ name: 'data' });
    assert.equal(mountpoint, path.join(place.root, 'data', '_data'));
    assert.deepEqual(
      [modeOf(place.root), modeOf(path.dirname(mountpoint)), modeOf(mountpoint)],
      [0o701, 0o701, 0o755],
    );
  } finally {
    process.umask(mask);
  }
});

test('volumes, their labels and who uses them survive a restart', async () => {
  using place = new Place();
  const before = await place.open();
  const {
    volume: { mountpoint },
  } = await before.create({ name: 'data', labels: { a: 'b' } });
  before.acquire('data', 'c1');
  writeFileSync(path.join(mountpoint, 'file'), 'kept');
  const after = await place.open();
  assert.deepEqual(after.list(), before.list());
  assert.deepEqual(after.get('data')?.usedBy, ['c1']);
  assert.equal(readFileSync(path.join(mountpoint, 'file'), 'utf8'), 'kept');
});

test('removing a volume deletes its data, names that are no text included', async () => {
  using place = new Place();
  const store = await place.open();
  const {
    volume: { mountpoint },
  } = await store.create({ name: 'data' });
  writeFileSync(Buffer.concat([Buffer.from(`${mountpoint}/`), Buffer.from([0xff, 0xfe])]), 'x');
  symlinkSync('/', path.join(mountpoint, 'host'));
  await store.remove('data');
  assert.deepEqual(readdirSync(place.root), []);
  assert.ok(existsSync('/etc'));
});

test('an empty volume takes the content, owner, mode and time of the image directory, and an emptied one again', async () => {
  using place = new Place();
  const source = path.join(place.rootfs, 'srv');
  writeFileSync(path.join(source, 'page'), 'hello');
  linkSync(path.join(source, 'page'), path.join(source, 'same'));
  symlinkSync('/etc/passwd', path.join(source, 'link'));
  chownSync(path.join(source, 'page'), 33, 34);
  chmodSync(path.join(source, 'page'), 0o4750);
  chownSync(source, 1000, 1001);
  chmodSync(source, 0o1777);
  utimesSync(source, 1_000_000, 1_000_000);
  const store = await place.open();
  const {
    volume: { mountpoint },
  } = await store.create({ name: 'data' });
  await store.copyUp('data', { rootfs: place.rootfs, path: '/srv' });
  const data = statSync(mountpoint);
  assert.deepEqual([data.uid, data.gid, data.mode & 0o7777, data.mtimeMs], [1000, 1001, 0o1777, 1e9]);
  const page = statSync(path.join(mountpoint, 'page'));
  assert.deepEqual([page.uid, page.gid, page.mode & 0o7777, page.nlink], [33, 34, 0o4750, 2]);
  assert.equal(readlinkSync(path.join(mountpoint, 'link')), '/etc/passwd');
  assert.deepEqual(readdirSync(path.dirname(mountpoint)), ['_data']);

  for (const name of readdirSync(mountpoint)) rmSync(path.join(mountpoint, name));
  await store.copyUp('data', { rootfs: place.rootfs, path: '/srv' });
  assert.deepEqual(readdirSync(mountpoint).sort(), ['link', 'page', 'same']);
});

test('a volume that holds anything, and an image without that directory, are left as they are', async () => {
  using place = new Place();
  writeFileSync(path.join(place.rootfs, 'srv', 'page'), 'hello');
  writeFileSync(path.join(place.rootfs, 'file'), '');
  const store = await place.open();
  const {
    volume: { mountpoint },
  } = await store.create({ name: 'data' });
  for (const missing of ['/nowhere', '/file', '/file/below']) {
    await store.copyUp('data', { rootfs: place.rootfs, path: missing });
  }
  assert.deepEqual(readdirSync(mountpoint), []);
  writeFileSync(path.join(mountpoint, 'mine'), '');
  await store.copyUp('data', { rootfs: place.rootfs, path: '/srv' });
  assert.deepEqual(readdirSync(mountpoint), ['mine']);
});

test('a link in the image leads to the image, never to the host', async () => {
  using place = new Place();
  const store = await place.open();
  const outside = path.join(place.folder, 'secret');
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'key'), 'host');
  symlinkSync(outside, path.join(place.rootfs, 'absolute'));
  symlinkSync('../../../..', path.join(place.rootfs, 'srv', 'up'));
  writeFileSync(path.join(place.rootfs, 'srv', 'page'), 'image');
  symlinkSync('/srv', path.join(place.rootfs, 'inside'));
  for (const escape of ['/absolute', `/srv/up${outside}`]) {
    const { name, mountpoint } = (await store.create({})).volume;
    await store.copyUp(name, { rootfs: place.rootfs, path: escape });
    assert.deepEqual(readdirSync(mountpoint), [], escape);
  }
  const {
    volume: { mountpoint },
  } = await store.create({ name: 'data' });
  await store.copyUp('data', { rootfs: place.rootfs, path: '/inside' });
  assert.equal(readFileSync(path.join(mountpoint, 'page'), 'utf8'), 'image');
  assert.ok(lstatSync(path.join(mountpoint, 'up')).isSymbolicLink());
});

test('a copy that does not fit is refused, leaves nothing, and succeeds when there is room', async () => {
  using place = new Place();
  mkdirSync(place.root);
  mount({ source: 'tmpfs', target: place.root, type: 'tmpfs', data: 'size=1m' });
  using _mounted = { [Symbol.dispose]: () => void execFileSync('umount', [place.root]) };
  writeFileSync(path.join(place.rootfs, 'srv', 'large'), Buffer.alloc(2_000_000, 1));
  const store = await place.open();
  const {
    volume: { mountpoint },
  } = await store.create({ name: 'data' });
  await assert.rejects(store.copyUp('data', { rootfs: place.rootfs, path: '/srv' }), { errnoName: 'ENOSPC' });
  assert.deepEqual([readdirSync(path.dirname(mountpoint)), readdirSync(mountpoint)], [['_data'], []]);
  execFileSync('mount', ['-o', 'remount,size=8m', place.root]);
  await store.copyUp('data', { rootfs: place.rootfs, path: '/srv' });
  assert.equal(statSync(path.join(mountpoint, 'large')).size, 2_000_000);
});

test('a volume whose data lie on a disk of their own is filled too', async () => {
  using place = new Place();
  writeFileSync(path.join(place.rootfs, 'srv', 'page'), 'hello');
  chmodSync(path.join(place.rootfs, 'srv'), 0o750);
  const store = await place.open();
  const {
    volume: { mountpoint },
  } = await store.create({ name: 'data' });
  mount({ source: 'tmpfs', target: mountpoint, type: 'tmpfs' });
  using _mounted = { [Symbol.dispose]: () => void execFileSync('umount', [mountpoint]) };
  await store.copyUp('data', { rootfs: place.rootfs, path: '/srv' });
  assert.equal(readFileSync(path.join(mountpoint, 'page'), 'utf8'), 'hello');
  assert.equal(modeOf(mountpoint), 0o750);
  assert.deepEqual(readdirSync(path.dirname(mountpoint)), ['_data']);
});

for (const when of ['before', 'after'] as const) {
  for (let change = 0; change < 6; change++) {
    test(`an engine that is killed ${when} change ${change} leaves nothing half done`, async () => {
      using place = new Place();
      writeFileSync(path.join(place.rootfs, 'srv', 'page'), 'hello');
      const done = new Set<string>();
      try {
        const store = await place.open(crashingMetadataStore(place.metadata, { change, when }));
        await store.create({ name: 'data' });
        done.add('created');
        await store.copyUp('data', { rootfs: place.rootfs, path: '/srv' });
        done.add('copied');
        await store.remove('data');
        done.add('removed');
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
      const store = await place.open();
      const volume = store.get('data');
      assert.deepEqual(readdirSync(place.root), volume === undefined ? [] : ['data']);
      if (volume === undefined) assert.ok(done.has('removed') || done.has('copied') || !done.has('created'));
      else {
        assert.ok(!done.has('removed'));
        assert.deepEqual(readdirSync(path.dirname(volume.mountpoint)), ['_data']);
        const names = readdirSync(volume.mountpoint);
        assert.ok(names.length === 0 ? !done.has('copied') : names.join() === 'page');
        await store.copyUp('data', { rootfs: place.rootfs, path: '/srv' });
        assert.deepEqual(readdirSync(volume.mountpoint), ['page']);
      }
    });
  }
}

test('volumes come back when the store is lost, and a lost directory is told and made anew', async () => {
  using place = new Place();
  const store = await place.open();
  const {
    volume: { mountpoint },
  } = await store.create({ name: 'data' });
  await store.create({ name: 'empty' });
  writeFileSync(path.join(mountpoint, 'file'), 'kept');
  mkdirSync(path.join(place.root, 'data', '_data', 'deep'));
  const found = await place.open(new MemoryMetadataStore());
  assert.deepEqual(
    found.list().map((volume) => volume.name),
    ['data'],
  );
  rmSync(path.join(place.root, 'data'), { recursive: true });
  const again = await place.open();
  assert.deepEqual(readdirSync(mountpoint), []);
  assert.ok(again.get('data'));
});

function modeOf(file: string): number {
  return statSync(file).mode & 0o7777;
}
