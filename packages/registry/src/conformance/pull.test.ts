import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mediaTypes } from '@gantry/oci';
import {
  digestOf,
  problemOf,
  pushBlob,
  pushImage,
  startTestRegistry,
  type TestManifest,
  type TestRegistry,
} from '../../testing/index.ts';

const layer = 'a layer of thirty bytes, or so.';
let registry: TestRegistry;
let image: TestManifest;

before(async () => {
  registry = await startTestRegistry();
  image = await pushImage(registry, 'team/app', { tag: 'v1', layer });
});
after(() => registry[Symbol.asyncDispose]());

describe('the base', () => {
  test('says that this is a registry', async () => {
    for (const path of ['/v2/', '/v2']) {
      const response = await registry.ask(path);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('docker-distribution-api-version'), 'registry/2.0');
      assert.deepEqual(await response.json(), {});
    }
  });

  test('has nothing beside it', async () => {
    for (const path of ['/', '/v1/', '/v2/x', '/v2//manifests/x/y', '/nothing', '/v2/%zz/manifests/x']) {
      assert.equal((await registry.ask(path)).status, 404, path);
    }
  });
});

describe('pull', () => {
  test('a manifest comes as it was pushed, by tag and by digest', async () => {
    for (const reference of ['v1', image.digest]) {
      const path = `/v2/team/app/manifests/${reference}`;
      const response = await registry.ask(path);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), mediaTypes.manifest);
      assert.equal(response.headers.get('docker-content-digest'), image.digest);
      assert.equal(await response.text(), image.text);
      const head = await registry.ask(path, { method: 'HEAD' });
      assert.equal(head.status, 200);
      assert.equal(head.headers.get('content-length'), String(image.text.length));
      assert.equal(head.headers.get('docker-content-digest'), image.digest);
      assert.equal(await head.text(), '');
    }
  });

  test('a manifest that the client has is not sent again', async () => {
    const headers = { 'If-None-Match': `"other", W/"${image.digest}"` };
    const response = await registry.ask('/v2/team/app/manifests/v1', { headers });
    assert.equal(response.status, 304);
    assert.equal(await response.text(), '');
  });

  test('what is not there is said in the spec’s words', async () => {
    const unknown = digestOf('nothing');
    for (const [path, status, code] of [
      ['/v2/team/app/manifests/v2', 404, 'MANIFEST_UNKNOWN'],
      [`/v2/team/app/manifests/${unknown}`, 404, 'MANIFEST_UNKNOWN'],
      [`/v2/nobody/app/manifests/v1`, 404, 'MANIFEST_UNKNOWN'],
      [`/v2/team/app/blobs/${unknown}`, 404, 'BLOB_UNKNOWN'],
      [`/v2/other/blobs/${digestOf(layer)}`, 404, 'BLOB_UNKNOWN'],
      ['/v2/team/app/blobs/sha256:12', 400, 'DIGEST_INVALID'],
      ['/v2/team/app/manifests/sha256:..', 400, 'DIGEST_INVALID'],
      [`/v2/team/app/manifests/${'x'.repeat(129)}`, 400, 'TAG_INVALID'],
      ['/v2/TEAM/app/manifests/v1', 400, 'NAME_INVALID'],
      ['/v2/team/other/tags/list', 404, 'NAME_UNKNOWN'],
    ] as const) {
      assert.deepEqual(await problemOf(await registry.ask(path)), [status, code], path);
      const head = await registry.ask(path, { method: 'HEAD' });
      assert.equal(head.status, status);
      assert.equal(await head.text(), '');
    }
  });

  test('a blob comes whole, and says what it is', async () => {
    const path = `/v2/team/app/blobs/${digestOf(layer)}`;
    const response = await registry.ask(path);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/octet-stream');
    assert.equal(response.headers.get('docker-content-digest'), digestOf(layer));
    assert.equal(await response.text(), layer);
    const head = await registry.ask(path, { method: 'HEAD' });
    assert.equal(head.headers.get('content-length'), String(layer.length));
    assert.equal((await registry.ask(path, { headers: { 'If-None-Match': '*' } })).status, 304);
  });

  test('an empty blob is one too', async () => {
    const digest = await pushBlob(registry, 'team/app', '');
    const response = await registry.ask(`/v2/team/app/blobs/${digest}`);
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
  });

  test('a part of a blob is asked for by one range', async () => {
    const path = `/v2/team/app/blobs/${digestOf(layer)}`;
    const size = layer.length;
    for (const [range, first, last] of [
      ['bytes=0-3', 0, 3],
      ['bytes=2-', 2, size - 1],
      ['bytes=-4', size - 4, size - 1],
      ['bytes=5-99999', 5, size - 1],
      ['bytes=-99999', 0, size - 1],
    ] as const) {
      const response = await registry.ask(path, { headers: { Range: range } });
      assert.equal(response.status, 206, range);
      assert.equal(response.headers.get('content-range'), `bytes ${first}-${last}/${size}`);
      assert.equal(await response.text(), layer.slice(first, last + 1));
    }
    for (const range of ['bytes=1-2,4-5', 'bytes=3-1', 'lines=1-2', 'bytes=-', 'bytes=x-']) {
      const response = await registry.ask(path, { headers: { Range: range } });
      assert.equal(response.status, 200, range);
      assert.equal(await response.text(), layer);
    }
    for (const range of [`bytes=${size}-`, 'bytes=-0']) {
      const response = await registry.ask(path, { headers: { Range: range } });
      assert.equal(response.status, 416, range);
      assert.equal(response.headers.get('content-range'), `bytes */${size}`);
    }
    const changed = await registry.ask(path, { headers: { Range: 'bytes=0-3', 'If-Range': '"other"' } });
    assert.equal(changed.status, 200);
  });

  test('a large blob comes whole, and from any byte on', async () => {
    const bytes = Buffer.alloc(3_000_001);
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = (index * 7 + (index >> 11)) & 0xff;
    const digest = await pushBlob(registry, 'team/app', bytes);
    const whole = await registry.ask(`/v2/team/app/blobs/${digest}`);
    assert.ok(bytes.equals(Buffer.from(await whole.arrayBuffer())));
    const part = await registry.ask(`/v2/team/app/blobs/${digest}`, {
      headers: { Range: 'bytes=524287-2000000' },
    });
    assert.ok(bytes.subarray(524_287, 2_000_001).equals(Buffer.from(await part.arrayBuffer())));
  });

  test('digests may be percent-encoded', async () => {
    const path = `/v2/team/app/blobs/${encodeURIComponent(digestOf(layer))}`;
    assert.equal((await registry.ask(path)).status, 200);
  });

  test('methods that make no sense are refused', async () => {
    for (const path of [
      '/v2/team/app/manifests/v1',
      `/v2/team/app/blobs/${digestOf(layer)}`,
      '/v2/_catalog',
    ]) {
      assert.deepEqual(await problemOf(await registry.ask(path, { method: 'PATCH' })), [405, 'UNSUPPORTED']);
    }
  });
});
