import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { RegistryClient } from '@gantry/distribution';
import { FakeRegistry, openTestClient, putDocument, putImage } from '@gantry/distribution/testing';
import { hostPlatform } from '@gantry/oci';
import { tarArchive } from '@gantry/testkit';
import { ImageStoreFixture } from '../../testing/index.ts';

const repository = 'team/app';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';
let registry: FakeRegistry;
let client: RegistryClient;
let fixture: ImageStoreFixture;

beforeEach(async () => {
  registry = await FakeRegistry.start();
  client = openTestClient();
  fixture = new ImageStoreFixture({ registries: client });
});
afterEach(async () => {
  fixture[Symbol.dispose]();
  client[Symbol.dispose]();
  await registry[Symbol.asyncDispose]();
});

async function pull(): Promise<void> {
  const auth = { username: 'me', password: 'secret' };
  await fixture.store.pull(`${registry.host}/${repository}:1`, { onProgress: () => {}, auth });
}

async function assertNothingKept(): Promise<void> {
  assert.deepEqual([await fixture.blobs(), await fixture.layers()], [[], []]);
}

/** Whether the request is for the blob that was stored last: the layer. */
function isForLayer(url: string | undefined): boolean {
  return url?.endsWith([...registry.blobs.keys()].at(-1) ?? '-') === true;
}

function putApp(content = 'a'): void {
  const layers = [{ tar: tarArchive([{ name: 'a', content }]) }];
  putImage(registry, { repository, layers, platform: hostPlatform(), tag: '1' });
}

describe('a hostile registry brings nothing in', () => {
  for (const digest of ['sha256:../../../../etc/passwd', `md5:${'a'.repeat(32)}`, 'sha256:', '../x', '']) {
    test(`with a layer of the digest ${JSON.stringify(digest)}`, async () => {
      const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 };
      const layer = { mediaType: layerType, digest, size: 2 };
      for (const document of [
        { config, layers: [] },
        { config: { ...config, digest: registry.putBlob(Buffer.from('{}')) }, layers: [layer] },
      ]) {
        const whole = { schemaVersion: 2, mediaType: manifestType, ...document };
        putDocument(registry, { repository, document: whole, tag: '1' });
        await assert.rejects(pull(), /digest/);
        await assertNothingKept();
      }
    });
  }

  test('with a layer that has no end', async () => {
    putApp();
    registry.interfere = ({ url }, response) => {
      if (!isForLayer(url)) return false;
      response.writeHead(200);
      const pump = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        if (!response.destroyed) response.once('drain', pump);
      };
      pump();
      return true;
    };
    await assert.rejects(pull(), {
      code: 'blob-mismatch',
      message: /wrong size: expected \d+, got more than/,
    });
    await assertNothingKept();
  });

  test('with a layer that is shorter than it says, however often it is asked for the rest', async () => {
    putApp('a'.repeat(100_000));
    registry.interfere = ({ url }, response) => {
      if (!isForLayer(url)) return false;
      response.writeHead(200, { 'Content-Length': 3 }).end('abc');
      return true;
    };
    await assert.rejects(pull(), { code: 'registry-unreachable', message: /unexpected EOF/ });
    await assertNothingKept();
  });

  test('with a manifest of another type than it says', async () => {
    const bytes = Buffer.from('{"schemaVersion":2,"manifests":[]}');
    for (const [mediaType, words] of [
      ['text/html', /is not a container image: unsupported media type "text\/html"/],
      ['', /is not a container image/],
      [manifestType, /it also lists manifests, as only an index may/],
    ] as const) {
      registry.putManifest(repository, { mediaType, bytes }, '1');
      await assert.rejects(pull(), words);
      await assertNothingKept();
    }
  });
});

test('a token that ends in the middle of a layer is renewed, and the layer goes on', async () => {
  const tar = tarArchive([{ name: 'a', content: 'a'.repeat(300_000) }]);
  putImage(registry, {
    repository,
    layers: [{ tar, packed: tar }],
    platform: hostPlatform(),
    tag: '1',
  });
  let tokens = 0;
  let isBroken = false;
  const ranges: string[] = [];
  registry.interfere = ({ url = '', headers }, response) => {
    if (url.startsWith('/token')) {
      tokens += 1;
      // Its clock is wrong by years; what counts is how long the token lasts.
      const issued = { issued_at: tokens % 2 === 0 ? '2001-01-01T00:00:00Z' : '2099-01-01T00:00:00Z' };
      response.end(JSON.stringify({ token: `t${tokens}`, expires_in: 300, ...issued }));
      return true;
    }
    if (headers.authorization !== `Bearer t${tokens}` || tokens === 0) {
      const challenge = `Bearer realm="http://${registry.host}/token",service="r"`;
      response.writeHead(401, { 'WWW-Authenticate': challenge }).end();
      return true;
    }
    if (!isForLayer(url)) return false;
    ranges.push(headers.range ?? 'all');
    if (isBroken) return false;
    isBroken = true;
    response.writeHead(200, { 'Content-Length': tar.length });
    response.write(tar.subarray(0, 100_000), () => {
      // The token that is known ends with the connection.
      tokens += 1;
      response.destroy();
    });
    return true;
  };
  await pull();
  assert.match(ranges[1] ?? '', /^bytes=\d+-$/);
  assert.equal(tokens, 3);
});
