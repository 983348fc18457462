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
    const created = await store.create({ name: 'data', labels: { tier: 'db' } });
    assert.equal(created.name, 'data');
    assert.equal(created.driver, 'local');
    assert.ok(created.mountpoint.endsWith('/data/_data'));
    assert.deepEqual(created.labels, { tier: 'db' });
    assert.equal(created.anonymous, false);
    assert.deepEqual(await store.create({ name: 'data', labels: { tier: 'web' } }), created);
    assert.deepEqual(store.get('data'), created);
  },

  'names an anonymous volume with 64 hex digits': async (store) => {
    const [one, other] = [await store.create({ anonymous: true }), await store.create({ anonymous: true })];
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
    for (const volume of created) assert.deepEqual(volume, created[0]);
    const removed = await Promise.allSettled(Array.from({ length: 20 }, () => store.remove('data')));
    assert.equal(removed.filter((result) => result.status === 'fulfilled').length, 1);
  },
};
