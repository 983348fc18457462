import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mediaTypes } from '@gantry/oci';
import {
  digestOf,
  problemOf,
  pushBlob,
  pushImage,
  putManifest,
  startTestRegistry,
  type TestRegistry,
} from '../../testing/index.ts';

let registry: TestRegistry;

before(async () => {
  registry = await startTestRegistry();
});
after(() => registry[Symbol.asyncDispose]());

function remove(path: string): Promise<Response> {
  return registry.ask(path, { method: 'DELETE' });
}

async function status(path: string): Promise<number> {
  return (await registry.ask(path)).status;
}

describe('content management', () => {
  test('a tag goes alone: its manifest and the other tags stay', async () => {
    const image = await pushImage(registry, 'tags/one', { tag: 'v1' });
    await putManifest(registry, '/v2/tags/one/manifests/v2', image);
    assert.equal((await remove('/v2/tags/one/manifests/v1')).status, 202);
    assert.equal(await status('/v2/tags/one/manifests/v1'), 404);
    assert.equal(await status('/v2/tags/one/manifests/v2'), 200);
    assert.equal(await status(`/v2/tags/one/manifests/${image.digest}`), 200);
    assert.deepEqual(await problemOf(await remove('/v2/tags/one/manifests/v1')), [404, 'MANIFEST_UNKNOWN']);
  });

  test('a manifest goes with all its tags', async () => {
    const image = await pushImage(registry, 'manifests/one', { tag: 'v1', layer: 'one' });
    await putManifest(registry, '/v2/manifests/one/manifests/v2', image);
    await pushImage(registry, 'manifests/one', { tag: 'other', layer: 'other' });
    assert.equal((await remove(`/v2/manifests/one/manifests/${image.digest}`)).status, 202);
    for (const reference of ['v1', 'v2', image.digest]) {
      assert.equal(await status(`/v2/manifests/one/manifests/${reference}`), 404);
    }
    const list = await registry.ask('/v2/manifests/one/tags/list');
    assert.deepEqual(await list.json(), { name: 'manifests/one', tags: ['other'] });
    assert.equal((await remove(`/v2/manifests/one/manifests/${image.digest}`)).status, 404);
  });

  test('a blob goes from its repository only', async () => {
    const digest = await pushBlob(registry, 'blobs/one', 'shared');
    await pushBlob(registry, 'blobs/two', 'shared');
    assert.equal((await remove(`/v2/blobs/one/blobs/${digest}`)).status, 202);
    assert.equal(await status(`/v2/blobs/one/blobs/${digest}`), 404);
    assert.equal(await status(`/v2/blobs/two/blobs/${digest}`), 200);
    assert.deepEqual(await problemOf(await remove(`/v2/blobs/one/blobs/${digest}`)), [404, 'BLOB_UNKNOWN']);
  });

  test('what something else is made of stays until that is gone', async () => {
    const image = await pushImage(registry, 'parts/one', { tag: 'v1', layer: 'a part' });
    const index = {
      mediaType: mediaTypes.index,
      text: JSON.stringify({
        schemaVersion: 2,
        manifests: [{ mediaType: mediaTypes.manifest, digest: image.digest, size: image.text.length }],
      }),
    };
    const listed = await putManifest(registry, '/v2/parts/one/manifests/all', index);
    const indexDigest = listed.headers.get('docker-content-digest');
    const layer = `/v2/parts/one/blobs/${digestOf('a part')}`;
    const manifest = `/v2/parts/one/manifests/${image.digest}`;
    assert.deepEqual(await problemOf(await remove(layer)), [405, 'DENIED']);
    assert.deepEqual(await problemOf(await remove(manifest)), [405, 'DENIED']);
    assert.equal((await remove(`/v2/parts/one/manifests/${indexDigest}`)).status, 202);
    assert.equal((await remove(manifest)).status, 202);
    assert.equal((await remove(layer)).status, 202);
  });

  test('what was removed can be pushed again', async () => {
    const image = await pushImage(registry, 'again/one', { tag: 'v1' });
    await remove(`/v2/again/one/manifests/${image.digest}`);
    assert.equal((await putManifest(registry, '/v2/again/one/manifests/v1', image)).status, 201);
    assert.equal(await (await registry.ask('/v2/again/one/manifests/v1')).text(), image.text);
  });
});
