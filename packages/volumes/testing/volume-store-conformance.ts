import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { VolumeStore } from '../src/volume-store.ts';

type Cases = Readonly<Record<string, (store: VolumeStore) => Promise<void>>>;

/** What every volume store must do. `open` gives an empty store, which each test disposes. */
export function volumeStoreConformance(
  name: string,
  open: () => Promise<{ store: VolumeStore } & AsyncDisposable>,
): void {
  void describe(name, () => {
    for (const [title, check] of Object.entries(cases)) {
      void it(title, async () => {
        await using opened = await open();
        await check(opened.store);
      });
    }
  });
}

const cases: Cases = {
  'creates a volume once, and gives the one that is there after that': async (store) => {
    const { volume: created, isNew } = await store.create({ name: 'data', labels: { tier: 'db' } });
    assert.equal(isNew, true);
    assert.equal(created.name, 'data');
    assert.equal(created.driver, 'local');
    assert.ok(created.mountpoint.endsWith('/data/_data'));
    assert.deepEqual(created.labels, { tier: 'db' });
    assert.equal(created.anonymous, false);
    const again = await store.create({ name: 'data', driver: 'local', labels: { tier: 'web' } });
    assert.deepEqual(again, { volume: created, isNew: false });
    assert.deepEqual(store.get('data'), created);
    assert.deepEqual(await store.find('data'), created);
    assert.deepEqual(await store.findAll(), { volumes: [created], warnings: [] });
    assert.equal(await store.find('nothing'), undefined);
  },

  'names an anonymous volume with 64 hex digits': async (store) => {
    const [{ volume: one }, { volume: other }] = [
      await store.create({ anonymous: true }),
      await store.create({ anonymous: true }),
    ];
    assert.match(one.name, /^[0-9a-f]{64}$/);
    assert.notEqual(one.name, other.name);
    assert.ok(one.anonymous);
  },

  'lists volumes by name': async (store) => {
    for (const name of ['two', 'one', 'three']) await store.create({ name });
    assert.deepEqual(
      store.list().map((volume) => volume.name),
      ['one', 'three', 'two'],
    );
  },

  'refuses names that Docker refuses, in its words': async (store) => {
    await assert.rejects(store.create({ name: 'a' }), {
      code: 'invalid-volume-name',
      message: 'create a: volume name is too short, names should be at least two alphanumeric characters',
    });
    for (const name of ['', '../up', 'a/b', '.hidden', '-dash', 'a b', 'ä1']) {
      await assert.rejects(store.create({ name }), { code: 'invalid-volume-name' }, name);
    }
    await assert.rejects(store.create({ name: 'a/b' }), /only "\[a-zA-Z0-9\]\[a-zA-Z0-9_\.-\]" are allowed/);
    await assert.rejects(store.create({ name: 'x'.repeat(256) }), { code: 'invalid-volume-name' });
    assert.deepEqual(store.list(), []);
  },

  'keeps the options that a volume was made with, and refuses others in Docker’s words': async (store) => {
    const options = { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' };
    assert.deepEqual((await store.create({ name: 'data', options })).volume.options, options);
    const refusals: [Record<string, string>, string][] = [
      [{ foo: 'bar' }, 'create other: invalid option: "foo"'],
      [{ type: 'tmpfs' }, 'create other: missing required option: "device"'],
      [{ device: 'tmpfs' }, 'create other: missing required option: "type"'],
      [{ o: 'ro' }, 'create other: missing required option: "device"'],
      [{ size: 'zz' }, "create other: invalid size: 'zz'"],
      [
        { type: 'cifs', device: '//host:445/share' },
        "create other: port not allowed in CIFS device URL, include 'port' in 'o='",
      ],
    ];
    for (const [wrong, message] of refusals) {
      await assert.rejects(store.create({ name: 'other', options: wrong }), {
        kind: 'invalid',
        code: 'volume-operation-failed',
        message,
      });
    }
    assert.equal(store.get('other'), undefined);
  },

  'says that there is no such driver': async (store) => {
    await assert.rejects(store.create({ name: 'data', driver: 'nosuch' }), {
      message: 'create data: error looking up volume plugin nosuch: plugin "nosuch" not found',
    });
    assert.deepEqual(store.driverNames(), ['local']);
  },

  'mounts for whoever asks, and lets go of all but those that are named': async (store) => {
    const { volume } = await store.create({ name: 'data' });
    assert.equal(await store.mount('data', 'c1'), volume.mountpoint);
    assert.equal(await store.mount('data', 'c2'), volume.mountpoint);
    await store.unmount('data', 'c2');
    await store.unmount('data', 'c2');
    await store.keepMounts(new Set(['c1']));
    await store.unmount('nothing', 'c1');
    await assert.rejects(store.mount('nothing', 'c1'), { code: 'volume-not-found' });
  },

  'keeps a volume as long as a container uses it': async (store) => {
    await store.create({ name: 'data' });
    for (const containerId of ['c1', 'c2', 'c1']) store.acquire('data', containerId);
    assert.deepEqual(store.get('data')?.usedBy, ['c1', 'c2']);
    await assert.rejects(store.remove('data'), {
      code: 'volume-in-use',
      message: 'remove data: volume is in use - [c1, c2]',
    });
    for (const containerId of ['c1', 'c2', 'c2', 'nobody']) store.release('data', containerId);
    await store.remove('data');
    assert.equal(store.get('data'), undefined);
  },

  'says that a volume does not exist': async (store) => {
    const missing = { code: 'volume-not-found', message: 'get nothing: no such volume' };
    assert.equal(store.get('nothing'), undefined);
    assert.throws(() => store.acquire('nothing', 'c1'), missing);
    store.release('nothing', 'c1');
    await assert.rejects(store.remove('nothing'), missing);
    await assert.rejects(store.copyUp('nothing', { rootfs: '/', path: '/' }), missing);
  },

  'lets one of many creators and removers win': async (store) => {
    const created = await Promise.all(Array.from({ length: 20 }, () => store.create({ name: 'data' })));
    for (const { volume } of created) assert.deepEqual(volume, created[0]?.volume);
    assert.equal(created.filter(({ isNew }) => isNew).length, 1);
    const removed = await Promise.allSettled(Array.from({ length: 20 }, () => store.remove('data')));
    assert.equal(removed.filter((result) => result.status === 'fulfilled').length, 1);
  },
};
