import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImageManifestSummary } from '@gantry/api-types';
import { type Digest, formatPlatform, hostPlatform, type Platform } from '@gantry/oci';
import { makeTestImage } from '@gantry/testkit';
import { ImageStoreFixture, inPieces } from '../../testing/index.ts';

const host = hostPlatform();
const other: Platform = { os: 'linux', architecture: 's390x' };
const third: Platform = { os: 'linux', architecture: 'riscv64' };
const { archive } = makeTestImage({
  format: 'oci-layout',
  images: [
    {
      names: ['docker.io/library/two:latest'],
      layers: [[{ name: 'b', content: 'b' }]],
      platforms: [host, other, third],
    },
  ],
});

async function loaded(): Promise<ImageStoreFixture> {
  const fixture = new ImageStoreFixture();
  await fixture.load(archive);
  return fixture;
}

async function manifestsOf({ store }: ImageStoreFixture): Promise<ImageManifestSummary[]> {
  return (await store.inspect('two', { manifests: true })).Manifests ?? [];
}

async function available(fixture: ImageStoreFixture): Promise<string[]> {
  const manifests = await manifestsOf(fixture);
  return manifests.filter(({ Available }) => Available).map(platformOf);
}

function platformOf({ ImageData }: ImageManifestSummary): string {
  const { os = '', architecture = '' } = ImageData?.Platform ?? {};
  return formatPlatform({ os, architecture });
}

const s390x = 'linux/s390x';
const riscv64 = 'linux/riscv64';

test('what an image has for a platform goes, and its index, its names and the rest stay', async () => {
  using fixture = await loaded();
  const before = await fixture.store.inspect('two', { manifests: true });
  const leaving = before.Manifests?.find((manifest) => platformOf(manifest) === s390x);
  const blobs = (await fixture.blobs()).length;
  const removed = await fixture.store.removePlatforms('two', [other], { force: false });
  assert.deepEqual(removed, [{ Deleted: leaving?.ID }]);
  assert.deepEqual(await available(fixture), [formatPlatform(host), riscv64]);
  const after = await fixture.store.inspect('two', { manifests: true });
  assert.equal(after.Id, before.Id);
  const gone = after.Manifests?.find((manifest) => platformOf(manifest) === s390x);
  assert.deepEqual([gone?.Kind, gone?.Available, gone?.Size], ['image', false, { Content: 0, Total: 0 }]);
  // Its manifest and its config; the layer is everybody's.
  assert.equal((await fixture.blobs()).length, blobs - 2);
  await assert.rejects(fixture.store.removePlatforms('two', [other], { force: true }), {
    code: 'image-platform-not-found',
  });
  await fixture.load(archive);
  assert.equal((await available(fixture)).length, 3);
});

test('the host’s own platform can go, and nothing is unpacked for it any more', async () => {
  using fixture = await loaded();
  assert.equal((await fixture.layers()).length, 1);
  await fixture.store.removePlatforms('two', [host, third], { force: false });
  assert.deepEqual(await available(fixture), [s390x]);
});

test('the last platform does not go without the image', async () => {
  using fixture = await loaded();
  await assert.rejects(fixture.store.removePlatforms('two', [host, other, third], { force: true }), {
    code: 'image-in-use',
    message: /nothing else of the image is here\. Remove the image itself/,
  });
  assert.equal((await available(fixture)).length, 3);
});

test('a platform that a container uses stays, unless it is stopped and force is given', async () => {
  using fixture = await loaded();
  const { id: imageId, manifestDigest } = await fixture.store.resolve('two');
  const container = { imageId, manifestDigest, id: 'c'.repeat(64), name: 'c', running: true };
  fixture.containers.push(container);
  const manifests = await manifestsOf(fixture);
  assert.deepEqual(
    manifests.map(({ ImageData }) => ImageData?.Containers.length),
    [1, 0, 0],
  );
  await fixture.store.removePlatforms('two', [other], { force: false });
  await assert.rejects(fixture.store.removePlatforms('two', [host], { force: true }), {
    message: /\(cannot be forced\) - image is being used by running container cccccccccccc/,
  });
  container.running = false;
  await assert.rejects(fixture.store.removePlatforms('two', [host], { force: false }), {
    message: /\(must be forced\) - image is being used by stopped container/,
  });
  await fixture.store.removePlatforms('two', [host], { force: true });
  assert.deepEqual(await available(fixture), [riscv64]);
});

test('a manifest that another image is stays', async () => {
  using fixture = await loaded();
  const manifests = await manifestsOf(fixture);
  const digest = manifests.find((manifest) => platformOf(manifest) === s390x)?.ID as Digest;
  const single = Buffer.concat(
    await Array.fromAsync(await fixture.store.save(['two'], { platforms: [other] })),
  );
  using elsewhere = new ImageStoreFixture();
  await elsewhere.load(single);
  await elsewhere.store.tag('two', 'single', '1');
  await elsewhere.load(archive);
  await elsewhere.store.removePlatforms('two', [other], { force: false });
  assert.equal((await elsewhere.store.resolve('single:1')).id, digest);
  assert.ok((await elsewhere.blobs()).includes(digest));
});

test('load takes in the platforms that are asked for, and takes none away that were here', async () => {
  using fixture = new ImageStoreFixture();
  const load = (platforms: Platform[]): Promise<unknown> =>
    fixture.store.load(inPieces(archive), { platforms, onProgress: () => {} });
  await load([other]);
  assert.deepEqual(await available(fixture), [s390x]);
  await load([third]);
  assert.deepEqual(await available(fixture), [s390x, riscv64]);
  await assert.rejects(load([{ os: 'linux', architecture: 'mips' }]), { code: 'image-platform-not-found' });
});

test('several platforms are saved with their index, and load as one image again', async () => {
  using fixture = await loaded();
  const platforms = [host, third];
  const saved = Buffer.concat(await Array.fromAsync(await fixture.store.save(['two'], { platforms })));
  using elsewhere = new ImageStoreFixture();
  await elsewhere.load(saved);
  assert.deepEqual(await available(elsewhere), [formatPlatform(host), riscv64]);
  assert.equal((await elsewhere.store.inspect('two')).Id, (await fixture.store.inspect('two')).Id);
});
