import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorKind } from '@gantry/base';
import { makeTestImage } from '@gantry/testkit';
import { ImageStoreFixture } from '../testing/index.ts';

test('loads, tags, removals, saves and collections at once never damage an image that is there', async () => {
  using fixture = new ImageStoreFixture();
  const shared = [{ name: 'shared', content: 'x'.repeat(20_000) }];
  const archives = Array.from({ length: 4 }, (_, at) => {
    const images = [{ names: [`docker.io/library/x:${at}`], layers: [shared, [{ name: `own-${at}` }]] }];
    return makeTestImage({ format: 'both', images, layerCompression: 'gzip' }).archive;
  });
  /** What is not there (any more) is no fault. */
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      assert.ok(['not-found', 'conflict'].includes(errorKind(error)), String(error));
    }
  };
  const actor = async (seed: number): Promise<void> => {
    for (let round = 0; round < 12; round += 1) {
      const at = (seed * 7 + round * 3) % archives.length;
      const archive = archives[at] ?? Buffer.alloc(0);
      const forced = { force: true, prune: true };
      await attempt(() => fixture.load(archive));
      await attempt(() => fixture.store.tag(`x:${at}`, `t${seed}`, 'latest'));
      await attempt(() => fixture.store.resolve(`x:${at}`));
      await attempt(async () => Array.fromAsync(await fixture.store.save([`x:${at}`])));
      await attempt(() => fixture.store.remove(round % 2 === 0 ? `x:${at}` : `t${seed}`, forced));
    }
  };
  await Promise.all([actor(0), actor(1), actor(2), actor(3)]);
  const report = await fixture.store.repair();
  assert.deepEqual([report.damaged, report.unpackedLayers, report.droppedNames], [[], [], []]);
  for (const { Id } of await fixture.list()) await fixture.store.resolve(Id);
  for (const { Id } of await fixture.list()) await fixture.store.remove(Id, { force: true, prune: true });
  assert.deepEqual(await fixture.blobs(), []);
  assert.deepEqual(await fixture.layers(), []);
});
