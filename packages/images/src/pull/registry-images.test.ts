import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ProgressMessage } from '@gantry/api-types';
import { systemClock } from '@gantry/base';
import type { RegistryClient } from '@gantry/distribution';
import {
  FakeRegistry,
  openTestClient,
  type PutDescriptor,
  putDocument,
  putImage,
} from '@gantry/distribution/testing';
import { hostPlatform, type Platform } from '@gantry/oci';
import { type TarMember, tarArchive } from '@gantry/testkit';
import { ImageStoreFixture } from '../../testing/index.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

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

/** Stores the manifest of an image in the registry, without a tag. */
function makeManifest(layers: readonly TarMember[][], platform: Platform = hostPlatform()): PutDescriptor {
  return putImage(registry, {
    repository: 'team/app',
    layers: layers.map((members) => ({ tar: tarArchive(members) })),
    platform,
  });
}

function putTagged(document: object, mediaType: string, tag?: string): PutDescriptor {
  const whole = { ...document, mediaType };
  return putDocument(registry, {
    repository: 'team/app',
    document: whole,
    ...(tag === undefined ? {} : { tag }),
  });
}

function tagIt({ digest }: PutDescriptor, tag: string): void {
  const stored = registry.manifests.get(`team/app@${digest}`);
  if (stored !== undefined) registry.manifests.set(`team/app:${tag}`, stored);
}

async function pull(
  version: string,
  options: { platform?: Platform; signal?: AbortSignal } = {},
): Promise<ProgressMessage[]> {
  const messages: ProgressMessage[] = [];
  await fixture.store.pull(`${registry.host}/team/app${version}`, {
    onProgress: (message) => messages.push(message),
    ...options,
  });
  return messages;
}

const statuses = (messages: readonly ProgressMessage[]): (string | undefined)[] => [
  ...new Set(messages.map(({ status }) => status)),
];

describe('pull', () => {
  test('brings an image of several layers with its name, told in Docker’s lines', async () => {
    const manifest = makeManifest([[{ name: 'a', content: 'a' }], [{ name: 'b', content: 'b' }]]);
    tagIt(manifest, 'v1');
    const first = await pull(':v1');
    assert.deepEqual(first[0], { status: 'Pulling from team/app', id: 'v1' });
    for (const status of ['Pulling fs layer', 'Downloading', 'Download complete', 'Pull complete']) {
      assert.ok(statuses(first).includes(status), status);
    }
    const image = `${registry.host}/team/app:v1`;
    assert.deepEqual(first.slice(-2), [
      { status: `Digest: ${manifest.digest}` },
      { status: `Status: Downloaded newer image for ${image}` },
    ]);
    const inspected = await fixture.store.inspect(image);
    assert.deepEqual(
      [inspected.Id, inspected.RepoTags, inspected.RepoDigests],
      [manifest.digest, [image], [`${registry.host}/team/app@${manifest.digest}`]],
    );
    assert.equal((await fixture.layers()).length, 2);
    registry.requests.length = 0;
    const second = await pull(':v1');
    assert.deepEqual(second.at(-1), { status: `Status: Image is up to date for ${image}` });
    assert.deepEqual(registry.requests, ['GET /v2/team/app/manifests/v1']);
  });

  test('brings nothing that its verifier does not let in, and says whose signature lets it in', async () => {
    const manifest = makeManifest([[{ name: 'a', content: 'a' }]]);
    tagIt(manifest, 'v1');
    const asked: unknown[] = [];
    using verified = new ImageStoreFixture({
      registries: client,
      verifier: {
        verify: async ({ name, target }, { isAskedFor }) => {
          asked.push([name, target.digest, isAskedFor]);
          if (!isAskedFor) throw new Error('not without a signature');
          return 'ada';
        },
      },
    });
    const image = `${registry.host}/team/app`;
    const messages: ProgressMessage[] = [];
    const onProgress = (message: ProgressMessage): void => void messages.push(message);
    await assert.rejects(verified.store.pull(`${image}:v1`, { onProgress }), /not without a signature/);
    assert.deepEqual(await verified.blobs(), []);
    await verified.store.pull(`${image}:v1`, { onProgress, verify: true });
    assert.ok(statuses(messages).includes(`Verified: ${manifest.digest} by ada`));
    assert.deepEqual(asked, [
      [image, manifest.digest, false],
      [image, manifest.digest, true],
    ]);
  });

  test('without a policy has no image of which a signature is asked for', async () => {
    for (const name of [`${registry.host}/team/app:v1`, 'mirror/busybox']) {
      tagIt(makeManifest([[{ name: 'a', content: 'a' }]]), 'v1');
      const pulled = fixture.store.pull(name, { onProgress: () => {}, verify: true });
      await assert.rejects(pulled, { code: 'image-unverifiable' });
    }
  });

  test('moves only the layer that is new', async () => {
    const base: TarMember[] = [{ name: 'base', content: 'x'.repeat(10_000) }];
    tagIt(makeManifest([base, [{ name: 'app', content: '1' }]]), 'v1');
    await pull(':v1');
    tagIt(makeManifest([base, [{ name: 'app', content: '2' }]]), 'v2');
    registry.requests.length = 0;
    await pull(':v2');
    // The manifest, its config, one layer.
    assert.equal(registry.requests.length, 3);
  });

  test('keeps an index whole and brings one platform', async () => {
    const other: Platform = { os: 'linux', architecture: 's390x' };
    const own = makeManifest([[{ name: 'own', content: 'own' }]]);
    const foreign = makeManifest([[{ name: 'other', content: 'other' }]], other);
    const index = putTagged(
      {
        schemaVersion: 2,
        mediaType: indexType,
        manifests: [
          { ...foreign, platform: other },
          { ...own, platform: hostPlatform() },
        ],
      },
      indexType,
      'multi',
    );
    await pull(':multi');
    const { id, manifestDigest } = await fixture.store.resolve(`${registry.host}/team/app:multi`);
    assert.deepEqual([id, manifestDigest], [index.digest, own.digest]);
    assert.equal((await fixture.blobs()).includes(foreign.digest as never), false);
    await pull(':multi', { platform: other });
    assert.ok((await fixture.blobs()).includes(foreign.digest as never));
    await assert.rejects(pull(':multi', { platform: { os: 'linux', architecture: 'mips' } }), {
      message: 'no matching manifest for linux/mips in the manifest list entries',
    });
  });

  test('by a digest has no tag, and is found and removed by it', async () => {
    const { digest } = makeManifest([[{ name: 'a', content: 'a' }]]);
    await pull(`@${digest}`);
    const ref = `${registry.host}/team/app@${digest}`;
    const inspected = await fixture.store.inspect(ref);
    assert.deepEqual([inspected.RepoTags, inspected.RepoDigests], [[], [ref]]);
    await fixture.store.remove(ref, { force: false, prune: true });
    assert.deepEqual(await fixture.blobs(), []);
  });

  test('of what is here already changes nothing', async () => {
    let time = 0;
    const clock = { ...systemClock, now: () => new Date((time += 1000)) };
    using own = new ImageStoreFixture({ registries: client, clock });
    tagIt(makeManifest([[{ name: 'a', content: 'a' }]]), 'v1');
    const name = `${registry.host}/team/app:v1`;
    const seen: unknown[] = [];
    for (let pulls = 0; pulls < 2; pulls += 1) {
      await own.store.pull(name, { onProgress: () => {} });
      seen.push((await own.store.inspect(name)).Metadata);
    }
    assert.deepEqual(seen[0], seen[1]);
  });

  test('of all tags brings each', async () => {
    for (const tag of ['a', 'b', 'c']) tagIt(makeManifest([[{ name: tag, content: tag }]]), tag);
    await fixture.store.pullAll(`${registry.host}/team/app`, { onProgress: () => {} });
    const tags = (await fixture.list()).flatMap(({ RepoTags }) => RepoTags);
    assert.deepEqual(
      tags.sort(),
      ['a', 'b', 'c'].map((tag) => `${registry.host}/team/app:${tag}`),
    );
  });

  test('asked for by many is one transfer', async () => {
    tagIt(makeManifest([[{ name: 'a', content: 'a' }]]), 'v1');
    await Promise.all(Array.from({ length: 8 }, () => pull(':v1')));
    assert.equal(registry.requests.filter((request) => request.includes('/blobs/')).length, 2);
  });
});

describe('a pull that fails leaves nothing', () => {
  test('when a layer is not what its digest says', async () => {
    const manifest = makeManifest([[{ name: 'a', content: 'a' }], [{ name: 'b', content: 'b' }]]);
    tagIt(manifest, 'v1');
    const [digest = ''] = [...registry.blobs.keys()].slice(-1);
    const bytes = Buffer.from(registry.blobs.get(digest) ?? []);
    bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
    registry.blobs.set(digest, bytes);
    await assert.rejects(pull(':v1'), { code: 'blob-mismatch' });
    assert.deepEqual([await fixture.blobs(), await fixture.layers()], [[], []]);
  });

  test('when what the registry has is no image, or of the old schema', async () => {
    const chart = { schemaVersion: 2, mediaType: manifestType, config: {}, layers: [] };
    const config = {
      mediaType: 'application/vnd.cncf.helm.config.v1+json',
      digest: registry.putBlob(Buffer.from('{}')),
      size: 2,
    };
    putTagged({ ...chart, config }, manifestType, 'chart');
    await assert.rejects(pull(':chart'), /is not a container image: unsupported media type .*helm/);
    const schema1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    putTagged({ schemaVersion: 1 }, schema1, 'old');
    await assert.rejects(pull(':old'), /schema 1, which is not supported any more/);
    assert.deepEqual(await fixture.blobs(), []);
  });

  test('when a manifest says it is an index, or is none', async () => {
    putTagged({ schemaVersion: 2, manifests: [], layers: [] }, indexType, 'both');
    await assert.rejects(pull(':both'), /index/);
    registry.putManifest('team/app', { mediaType: manifestType, bytes: Buffer.from('<html>') }, 'page');
    await assert.rejects(pull(':page'), /is not JSON/);
    assert.deepEqual(await fixture.blobs(), []);
  });

  test('when it is stopped in the middle', async () => {
    tagIt(makeManifest([[{ name: 'a', content: 'a'.repeat(100_000) }]]), 'v1');
    const stop = new AbortController();
    registry.interfere = (request, response) => {
      if (!request.url?.includes('/blobs/')) return false;
      response.writeHead(200, { 'Content-Length': 1_000_000 });
      response.write('x', () => stop.abort(new Error('enough')));
      return true;
    };
    await assert.rejects(pull(':v1', { signal: stop.signal }), /enough/);
    assert.deepEqual(await fixture.blobs(), []);
  });
});
