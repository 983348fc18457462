import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Digest } from '@gantry/oci';
import { makeTestImage } from '@gantry/testkit';
import { ImageStoreFixture, inPieces, noRegistries } from '../../testing/index.ts';
import { LocalImageStore } from '../local-image-store.ts';

const testImage = makeTestImage({
  format: 'oci-layout',
  images: [
    { names: ['docker.io/library/x:1'], layers: [[{ name: 'a' }], [{ name: 'b' }]] },
    { names: ['docker.io/library/y:1'], layers: [[{ name: 'c' }]] },
  ],
});

/** A store opened again on what an engine left behind. */
async function reopened(
  context: TestContext,
  damage: (fixture: ImageStoreFixture) => Promise<void> | void,
): Promise<{ fixture: ImageStoreFixture; store: LocalImageStore }> {
  const fixture = new ImageStoreFixture();
  context.after(() => fixture[Symbol.dispose]());
  await fixture.load(testImage.archive);
  await damage(fixture);
  const { content, snapshots, state } = fixture;
  return { fixture, store: new LocalImageStore({ content, snapshots, state, registries: noRegistries }) };
}

async function lose(fixture: ImageStoreFixture, lost: readonly (Digest | undefined)[]): Promise<void> {
  const kept = (await fixture.blobs()).filter((digest) => !lost.includes(digest));
  await fixture.content.collectGarbage(new Set(kept));
}

test('a whole store needs no repair', async (context) => {
  const { store, fixture } = await reopened(context, () => {});
  const blobs = await fixture.blobs();
  const report = await store.repair();
  assert.deepEqual(report, {
    damaged: [],
    unpackedLayers: [],
    droppedNames: [],
    garbage: { blobs: [], layers: [], sizeBytes: 0 },
  });
  assert.deepEqual(await fixture.blobs(), blobs);
});

test('a lost layer directory is unpacked again', async (context) => {
  const lost = testImage.images[0]?.manifests[0]?.diffIds[1] as Digest;
  const { store, fixture } = await reopened(context, ({ snapshots }) => snapshots.removeLayer(lost));
  assert.deepEqual((await store.repair()).unpackedLayers, [lost]);
  assert.ok((await fixture.layers()).includes(lost));
});

test('a lost layer directory is unpacked when the image is used, too', async (context) => {
  const lost = testImage.images[0]?.manifests[0]?.diffIds[0] as Digest;
  const { store, fixture } = await reopened(context, ({ snapshots }) => snapshots.removeLayer(lost));
  await store.resolve('x:1');
  assert.ok((await fixture.layers()).includes(lost));
});

test('a lost blob damages its image only; it stays listed, and loading it again mends it', async (context) => {
  const [manifest] = testImage.images[0]?.manifests ?? [];
  for (const lost of [
    testImage.images[0]?.target?.digest,
    manifest?.configDigest,
    manifest?.layerDigests[0],
  ]) {
    const { store } = await reopened(context, (fixture) => lose(fixture, [lost]));
    const report = await store.repair();
    assert.deepEqual(
      report.damaged.map(({ names, problem }) => ({ names, problem })),
      [{ names: ['docker.io/library/x:1'], problem: `content digest ${lost}: not found` }],
    );
    assert.equal((await store.list({ all: false, filters: new Map() })).length, 2);
    await store.resolve('y:1');
    await store.load(inPieces(testImage.archive), { onProgress: () => {} });
    assert.deepEqual((await store.repair()).damaged, []);
  }
});

test('a damaged image can be removed', async (context) => {
  const { store } = await reopened(context, (fixture) =>
    lose(fixture, [testImage.images[0]?.target?.digest]),
  );
  await store.remove('x:1', { force: false, prune: true });
  assert.deepEqual((await store.repair()).damaged, []);
});

test('a layer that no image has is told, unless a container stands on it, and a repair removes it', async (context) => {
  const { store, fixture } = await reopened(context, () => {});
  const [first, second] = (testImage.images[0]?.manifests[0]?.diffIds ?? []) as [Digest, Digest];
  await fixture.snapshots.create('container', [first]);
  await store.remove('x:1', { force: true, prune: true });
  assert.deepEqual(await store.check(), []);
  await fixture.snapshots.remove('container');
  assert.deepEqual(await store.check(), [{ object: first, fact: 'an unpacked layer that no image has' }]);
  assert.deepEqual((await store.repair()).garbage.layers, [first]);
  assert.deepEqual(await store.check(), []);
  assert.ok(!(await fixture.layers()).includes(second));
});

test('what an interrupted load left is removed, and a name without an image is dropped', async (context) => {
  const { store, fixture } = await reopened(context, async ({ content, state }) => {
    await content.ingest(inPieces(Buffer.from('left')), {});
    state.collection('image-names', { version: 1 }).put('docker.io/library/lost:1', {
      imageId: `sha256:${'0'.repeat(64)}`,
      taggedAt: '2024-01-01T00:00:00Z',
    });
  });
  const blobs = (await fixture.blobs()).length;
  const report = await store.repair();
  assert.deepEqual(report.droppedNames, ['docker.io/library/lost:1']);
  assert.equal(report.garbage.blobs.length, 1);
  assert.equal((await fixture.blobs()).length, blobs - 1);
});
