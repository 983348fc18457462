import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mediaTypes } from '@gantry/oci';
import {
  digestOf,
  makeManifest,
  problemOf,
  pushBlob,
  pushImage,
  putManifest,
  startTestRegistry,
  type TestRegistry,
} from '../../testing/index.ts';

const start = '/v2/team/app/blobs/uploads/';
let registry: TestRegistry;

before(async () => {
  registry = await startTestRegistry();
});
after(() => registry[Symbol.asyncDispose]());

async function begin(): Promise<string> {
  const response = await registry.ask(start, { method: 'POST' });
  assert.equal(response.status, 202);
  assert.equal(response.headers.get('range'), '0-0');
  const location = response.headers.get('location') ?? '';
  assert.equal(location, `${start}${response.headers.get('docker-upload-uuid')}`);
  return location;
}

function patch(location: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return registry.ask(location, { method: 'PATCH', body, headers });
}

function finish(location: string, digest: string, body = ''): Promise<Response> {
  return registry.ask(`${location}?digest=${digest}`, { method: 'PUT', body });
}

async function blobText(digest: string, repository = 'team/app'): Promise<string | undefined> {
  const response = await registry.ask(`/v2/${repository}/blobs/${digest}`);
  return response.status === 200 ? await response.text() : undefined;
}

describe('a blob', () => {
  test('is pushed by one POST', async () => {
    const digest = digestOf('by one POST');
    const response = await registry.ask(`${start}?digest=${digest}`, { method: 'POST', body: 'by one POST' });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get('location'), `/v2/team/app/blobs/${digest}`);
    assert.equal(response.headers.get('docker-content-digest'), digest);
    assert.equal(await blobText(digest), 'by one POST');
  });

  test('is pushed by POST and PUT', async () => {
    const digest = digestOf('by POST and PUT');
    const response = await finish(await begin(), digest, 'by POST and PUT');
    assert.equal(response.status, 201);
    assert.equal(response.headers.get('location'), `/v2/team/app/blobs/${digest}`);
    assert.equal(await blobText(digest), 'by POST and PUT');
  });

  test('is pushed in pieces, and the registry says how far it has come', async () => {
    const location = await begin();
    const first = await patch(location, 'one ', { 'Content-Range': '0-3' });
    assert.equal(first.status, 202);
    assert.equal(first.headers.get('range'), '0-3');
    assert.equal(first.headers.get('location'), location);
    assert.equal((await patch(location, 'two ')).headers.get('range'), '0-7');
    const status = await registry.ask(location);
    assert.equal(status.status, 204);
    assert.equal(status.headers.get('range'), '0-7');
    const digest = digestOf('one two three');
    assert.equal((await finish(location, digest, 'three')).status, 201);
    assert.equal(await blobText(digest), 'one two three');
    assert.deepEqual(await problemOf(await registry.ask(location)), [404, 'BLOB_UPLOAD_UNKNOWN']);
  });

  test('does not take a piece out of order, and goes on after that', async () => {
    const location = await begin();
    await patch(location, 'one ', { 'Content-Range': '0-3' });
    for (const range of ['0-3', '8-11']) {
      const refused = await patch(location, 'two ', { 'Content-Range': range });
      assert.equal(refused.headers.get('range'), '0-3');
      assert.deepEqual(await problemOf(refused), [416, 'BLOB_UPLOAD_INVALID']);
    }
    for (const range of ['4-9', '9-4', 'x', '4-']) {
      assert.equal((await patch(location, 'two ', { 'Content-Range': range })).status, 400, range);
    }
    assert.equal((await patch(location, 'two ', { 'Content-Range': '4-7' })).headers.get('range'), '0-7');
    assert.equal((await finish(location, digestOf('one two '))).status, 201);
  });

  test('that is not what it is said to be is refused, and nothing of it stays', async () => {
    const digest = digestOf('something else');
    const location = await begin();
    assert.deepEqual(await problemOf(await finish(location, digest, 'this')), [400, 'DIGEST_INVALID']);
    assert.equal(await blobText(digest), undefined);
    assert.equal(await blobText(digestOf('this')), undefined);
    const single = await registry.ask(`${start}?digest=${digest}`, { method: 'POST', body: 'this' });
    assert.deepEqual(await problemOf(single), [400, 'DIGEST_INVALID']);
  });

  test('needs a digest that is one', async () => {
    const location = await begin();
    for (const text of [
      '',
      'sha256:',
      'sha256:../../x',
      `md5:${'0'.repeat(32)}`,
      `sha256:${'A'.repeat(64)}`,
    ]) {
      const refused = await registry.ask(`${location}?digest=${encodeURIComponent(text)}`, { method: 'PUT' });
      assert.deepEqual(await problemOf(refused), [400, 'DIGEST_INVALID'], text);
    }
    assert.equal((await registry.ask(location, { method: 'PUT' })).status, 400);
    assert.equal((await registry.ask(location, { method: 'DELETE' })).status, 204);
    assert.equal((await registry.ask(location)).status, 404);
  });

  test('is an upload of its own repository only', async () => {
    const location = (await begin()).replace('/team/app/', '/team/other/');
    assert.deepEqual(await problemOf(await patch(location, 'x')), [404, 'BLOB_UPLOAD_UNKNOWN']);
    const unknown = `${start}00000000-0000-0000-0000-000000000000`;
    assert.deepEqual(await problemOf(await patch(unknown, 'x')), [404, 'BLOB_UPLOAD_UNKNOWN']);
  });

  test('is taken over from another repository without being sent', async () => {
    const digest = await pushBlob(registry, 'team/source', 'shared');
    const mounted = await registry.ask(`${start}?mount=${digest}&from=team/source`, { method: 'POST' });
    assert.equal(mounted.status, 201);
    assert.equal(mounted.headers.get('location'), `/v2/team/app/blobs/${digest}`);
    assert.equal(await blobText(digest), 'shared');
  });

  test('that the other repository does not have is to be uploaded', async () => {
    const digest = await pushBlob(registry, 'team/source', 'not there');
    for (const query of [
      `mount=${digest}&from=team/nobody`,
      `mount=${digest}`,
      `mount=${digestOf('?')}&from=team/source`,
    ]) {
      const begun = await registry.ask(`${start}?${query}`, { method: 'POST' });
      assert.equal(begun.status, 202, query);
      assert.ok(begun.headers.get('location'));
    }
    assert.equal(await blobText(digest), undefined);
  });
});

describe('a manifest', () => {
  test('is pushed by tag and by digest, and may be again', async () => {
    const image = await pushImage(registry, 'team/app', { tag: 'v1' });
    for (const reference of ['v1', 'v2', image.digest]) {
      const response = await putManifest(registry, `/v2/team/app/manifests/${reference}`, image);
      assert.equal(response.status, 201);
      assert.equal(response.headers.get('docker-content-digest'), image.digest);
      assert.equal(response.headers.get('location'), `/v2/team/app/manifests/${image.digest}`);
      assert.equal(response.headers.get('oci-subject'), null);
    }
  });

  test('moves its tag from the manifest that had it', async () => {
    const first = await pushImage(registry, 'team/moving', { tag: 'latest', layer: 'first' });
    const second = await pushImage(registry, 'team/moving', { tag: 'latest', layer: 'second' });
    const { headers } = await registry.ask('/v2/team/moving/manifests/latest');
    assert.equal(headers.get('docker-content-digest'), second.digest);
    assert.equal((await registry.ask(`/v2/team/moving/manifests/${first.digest}`)).status, 200);
  });

  test('that names blobs which are not there is refused', async () => {
    const manifest = makeManifest('no such config', 'no such layer');
    const refused = await putManifest(registry, '/v2/team/app/manifests/v1', manifest);
    assert.deepEqual(await problemOf(refused), [404, 'MANIFEST_BLOB_UNKNOWN']);
    await pushBlob(registry, 'team/elsewhere', 'no such config');
    await pushBlob(registry, 'team/elsewhere', 'no such layer');
    assert.equal((await putManifest(registry, '/v2/team/app/manifests/v1', manifest)).status, 404);
    assert.equal((await putManifest(registry, '/v2/team/elsewhere/manifests/v1', manifest)).status, 201);
  });

  test('that gives a blob another size than it has is refused', async () => {
    await pushBlob(registry, 'team/app', '{}');
    const layers = [{ mediaType: mediaTypes.layer, digest: digestOf('{}'), size: 3 }];
    const manifest = makeManifest('{}', '', { layers });
    const refused = await putManifest(registry, '/v2/team/app/manifests/v1', manifest);
    assert.deepEqual(await problemOf(refused), [400, 'MANIFEST_INVALID']);
  });

  test('is refused under a digest that is not its own', async () => {
    const image = await pushImage(registry, 'team/app', { tag: 'v1' });
    const refused = await putManifest(registry, `/v2/team/app/manifests/${digestOf('other')}`, image);
    assert.deepEqual(await problemOf(refused), [400, 'DIGEST_INVALID']);
  });

  test('that is none, both, or of an old kind is refused, with a word on it', async () => {
    const image = await pushImage(registry, 'team/app', { tag: 'v1' });
    const both = { ...(JSON.parse(image.text) as object), manifests: [] };
    const old = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    for (const [mediaType, text] of [
      [mediaTypes.manifest, 'no JSON'],
      [mediaTypes.manifest, '[]'],
      [mediaTypes.manifest, '{"schemaVersion":2}'],
      [mediaTypes.manifest, `${'['.repeat(100)}${']'.repeat(100)}`],
      [mediaTypes.index, image.text],
      [mediaTypes.manifest, JSON.stringify(both)],
      [old, '{"schemaVersion":1}'],
      ['text/plain', image.text],
    ] as const) {
      const refused = await putManifest(registry, '/v2/team/app/manifests/bad', { mediaType, text });
      assert.deepEqual(
        await problemOf(refused),
        [400, 'MANIFEST_INVALID'],
        `${mediaType} ${text.slice(0, 40)}`,
      );
    }
    assert.equal((await registry.ask('/v2/team/app/manifests/bad')).status, 404);
  });

  test('past 4 MB is refused', async () => {
    const text = JSON.stringify({ schemaVersion: 2, annotations: { long: 'x'.repeat(4 << 20) } });
    const refused = await putManifest(registry, '/v2/team/app/manifests/v1', {
      mediaType: mediaTypes.manifest,
      text,
    });
    assert.deepEqual(await problemOf(refused), [413, 'MANIFEST_INVALID']);
  });

  test('may be an index of blobs, as BuildKit writes its caches, which it keeps', async () => {
    const layer = await pushBlob(registry, 'team/cache', 'a cached layer');
    const entry = (digest: string, mediaType: string, size: number): object => ({ mediaType, digest, size });
    const config = '{"layers":[]}';
    const text = (configDigest: string): string =>
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.index,
        manifests: [
          entry(layer, mediaTypes.layerGzip, 'a cached layer'.length),
          entry(configDigest, 'application/vnd.buildkit.cacheconfig.v0', config.length),
        ],
      });
    const target = '/v2/team/cache/manifests/latest';
    const put = (document: string): Promise<Response> =>
      putManifest(registry, target, { mediaType: mediaTypes.index, text: document });
    assert.deepEqual(await problemOf(await put(text(digestOf(config)))), [404, 'MANIFEST_BLOB_UNKNOWN']);
    const whole = text(await pushBlob(registry, 'team/cache', config));
    assert.equal((await put(whole)).status, 201);
    assert.equal(await (await registry.ask(target)).text(), whole);
    const { status } = await registry.ask(`/v2/team/cache/blobs/${layer}`, { method: 'DELETE' });
    assert.equal(status, 405);
  });

  test('may be an index, once what it lists is there', async () => {
    const image = await pushImage(registry, 'team/multi', { tag: 'amd64' });
    const entry = (digest: string): object => ({
      mediaType: mediaTypes.manifest,
      digest,
      size: image.text.length,
      platform: { os: 'linux', architecture: 'amd64' },
    });
    const index = (digest: string): { mediaType: string; text: string } => ({
      mediaType: mediaTypes.index,
      text: JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [entry(digest)] }),
    });
    const path = '/v2/team/multi/manifests/latest';
    assert.equal((await putManifest(registry, path, index(digestOf('other')))).status, 404);
    assert.equal((await putManifest(registry, path, index(image.digest))).status, 201);
    const pulled = await registry.ask(path);
    assert.equal(pulled.headers.get('content-type'), mediaTypes.index);
    assert.equal(await pulled.text(), index(image.digest).text);
  });

  test('may have layers that are elsewhere', async () => {
    await pushBlob(registry, 'team/foreign', '{}');
    const layers = [
      {
        mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
        digest: digestOf('elsewhere'),
        size: 9,
        urls: ['https://example.com/layer'],
      },
    ];
    const manifest = makeManifest('{}', '', { layers });
    assert.equal((await putManifest(registry, '/v2/team/foreign/manifests/v1', manifest)).status, 201);
  });
});
