import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DiskService, type DiskSources } from './disk-service.ts';

/** A cache whose prunes last until they are let go on. */
function heldCache(): { disk: DiskService; next: () => void; begun: () => number } {
  const held: (() => void)[] = [];
  let begun = 0;
  const sources: unknown = {
    builds: {
      async pruneCache() {
        begun += 1;
        await new Promise<void>((resolve) => held.push(resolve));
        return { keys: ['key'], layers: new Set(), mountBytes: 7 };
      },
    },
    images: {
      imageLayers: async () => await Promise.resolve(new Set()),
      collectGarbage: async () => await Promise.resolve({ layers: [], blobs: [] }),
    },
    dataRoot: '/',
    events: { publish: () => {} },
    logger: { info: () => {} },
  };
  return { disk: new DiskService(sources as DiskSources), next: () => held.shift()?.(), begun: () => begun };
}

const nothing = new Map();
const prune = { all: true, bounds: nothing };
const policy = { all: true, filters: nothing, reservedBytes: 0, maxUsedBytes: 0, minFreeBytes: 0 };

test('a prune of the build cache waits for a collection, and refuses beside another prune', async () => {
  const { disk, next, begun } = heldCache();
  const collection = disk.collectBuildCache([policy]);
  const first = disk.pruneBuildCache(nothing, prune);
  await new Promise(setImmediate);
  assert.equal(begun(), 1);
  next();
  await collection;
  await new Promise(setImmediate);
  assert.equal(begun(), 2);
  await assert.rejects(disk.pruneBuildCache(nothing, prune), { code: 'prune-running' });
  await disk.collectBuildCache([policy]);
  assert.equal(begun(), 2);
  next();
  assert.deepEqual(await first, { CachesDeleted: ['key'], SpaceReclaimed: 7 });
});
