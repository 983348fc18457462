import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { silentLogger, systemClock } from '@gantry/base';
import type { PlainLayer } from '@gantry/images';
import { openMetadataStore } from '@gantry/state';
import { BuildCache } from './build-cache.ts';
import { CacheMounts } from './cache-mounts.ts';
import { pruneCache } from './prune-cache.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'gantry-cache-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const layer = (letter: string, sizeBytes: number): PlainLayer => ({
  diffId: `sha256:${letter.repeat(64)}`,
  sizeBytes,
});

test('finds a step by its inputs, and keeps its layer', () => {
  using store = openMetadataStore({ path: path.join(directory, 'found.db'), logger: silentLogger });
  const cache = new BuildCache(store, systemClock);
  const key = BuildCache.key(['run', ['a'], { network: 'none' }]);
  assert.equal(cache.find(key), undefined);
  cache.put(key, { layer: layer('a', 10), description: 'RUN x' });
  assert.deepEqual(cache.find(key)?.layer, layer('a', 10));
  assert.equal(cache.find(key)?.uses, 2);
  assert.notEqual(BuildCache.key(['run', ['a'], { network: 'host' }]), key);
  assert.deepEqual(new BuildCache(store, systemClock).layers(), [layer('a', 10).diffId]);
});

test('prunes what was used longest ago first, down to a size, and only what it concerns', async () => {
  using store = openMetadataStore({ path: path.join(directory, 'pruned.db'), logger: silentLogger });
  let hour = 0;
  const clock = { ...systemClock, now: () => new Date(Date.UTC(2026, 0, 1, hour)) };
  const cache = new BuildCache(store, clock);
  const cacheMounts = new CacheMounts({ root: path.join(directory, 'no-mounts'), store, clock });
  const both = { cache, cacheMounts };
  for (const letter of ['a', 'b', 'c', 'd']) {
    hour++;
    cache.put(letter, { layer: layer(letter, 100), description: letter });
  }
  assert.deepEqual(
    (await pruneCache(both, { keepBytes: 0, concerns: (_key, step) => step.description === 'd' })).keys,
    ['d'],
  );
  assert.deepEqual((await pruneCache(both, { keepBytes: 200 })).keys, ['a']);
  assert.deepEqual(
    (await pruneCache(both, { keepBytes: 0, before: new Date(Date.UTC(2026, 0, 1, 3)) })).keys,
    ['b'],
  );
  assert.deepEqual([...(await pruneCache(both, { keepBytes: 0 })).layers], [layer('c', 0).diffId]);
  assert.deepEqual(cache.entries(), []);
});

test('gives cache mounts as their sharing says', async () => {
  using store = openMetadataStore({ path: path.join(directory, 'mounts.db'), logger: silentLogger });
  const root = path.join(directory, 'mounts');
  const mounts = new CacheMounts({ root, store, clock: systemClock });
  await mounts.clear();
  const wish = { id: '/root/.npm', mode: 0o750, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const shared = await mounts.acquire({ ...wish, sharing: 'shared' });
  {
    await using same = await mounts.acquire({ ...wish, sharing: 'shared' });
    assert.equal(same.directory, shared.directory);
  }
  assert.equal(statSync(shared.directory).mode & 0o777, 0o750);
  await shared[Symbol.asyncDispose]();
  {
    await using first = await mounts.acquire({ ...wish, sharing: 'private' });
    await using second = await mounts.acquire({ ...wish, sharing: 'private' });
    assert.notEqual(first.directory, second.directory);
  }
  await using again = await mounts.acquire({ ...wish, sharing: 'private' });
  assert.equal(again.directory, shared.directory);
  const order: string[] = [];
  const locked = await mounts.acquire({ ...wish, sharing: 'locked' });
  const waiting = mounts.acquire({ ...wish, sharing: 'locked' }).then(async (cache) => {
    order.push('second');
    await cache[Symbol.asyncDispose]();
  });
  order.push('first');
  await locked[Symbol.asyncDispose]();
  await waiting;
  assert.deepEqual(order, ['first', 'second']);
  assert.equal(readdirSync(root).length, 2);
  const used = (await mounts.usage()).find(({ inUse }) => inUse);
  assert.equal(used?.id, '/root/.npm');
  assert.equal(await mounts.delete(used?.name ?? ''), false);
  const other = (await mounts.usage()).find(({ inUse }) => !inUse);
  assert.equal(await mounts.delete(other?.name ?? ''), true);
  assert.equal(readdirSync(root).length, 1);
});
