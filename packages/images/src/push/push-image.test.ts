import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { ProgressMessage } from '@gantry/api-types';
import type { RegistryClient } from '@gantry/distribution';
import {
  FakeRegistry,
  openTestClient,
  type PutDescriptor,
  putDocument,
  putImage,
} from '@gantry/distribution/testing';
import { hostPlatform, type Platform } from '@gantry/oci';
import { tarArchive } from '@gantry/testkit';
import { ImageStoreFixture } from '../../testing/index.ts';

const indexType = 'application/vnd.oci.image.index.v1+json';
const other: Platform = { os: 'linux', architecture: 's390x' };
const third: Platform = { os: 'linux', architecture: 'riscv64' };

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

function putFor(platform: Platform): PutDescriptor {
  const layers = [{ tar: tarArchive([{ name: platform.architecture, content: platform.architecture }]) }];
  return { ...putImage(registry, { repository: 'from', layers, platform }), platform };
}

function putIndex(manifests: readonly PutDescriptor[]): PutDescriptor {
  const document = { schemaVersion: 2, mediaType: indexType, manifests };
  return putDocument(registry, { repository: 'from', document, tag: 'v1' });
}

async function pull(...platforms: Platform[]): Promise<void> {
  for (const platform of platforms) {
    await fixture.store.pull(`${registry.host}/from:v1`, { onProgress: () => {}, platform });
  }
}

async function push(repository: string): Promise<unknown[]> {
  const name = `${registry.host}/${repository}`;
  const [path = '', tag = ''] = repository.split(':');
  await fixture.store.tag(`${registry.host}/from:v1`, `${registry.host}/${path}`, tag);
  const messages: ProgressMessage[] = [];
  await fixture.store.push(name, { onProgress: (message) => messages.push(message) });
  return messages.flatMap(({ aux }) => (aux === undefined ? [] : [aux]));
}

function digestAt(name: string): string | undefined {
  const stored = registry.manifests.get(name);
  const entries = [...registry.manifests].filter(([key]) => key.includes('@'));
  return entries
    .find(([, each]) => stored && Buffer.compare(each.bytes, stored.bytes) === 0)?.[0]
    .split('@')[1];
}

test('an index of which one platform was pulled goes as that platform, which is told', async () => {
  const own = putFor(hostPlatform());
  const index = putIndex([putFor(other), own]);
  await pull(hostPlatform());
  const { digest, size } = own;
  const [instead, pushed] = await push('to:v1');
  const { originalIndex, selectedManifest, ...rest } = instead as Record<string, PutDescriptor>;
  assert.deepEqual(rest, { manifestPushedInsteadOfIndex: true });
  assert.deepEqual([originalIndex?.digest, selectedManifest?.digest], [index.digest, digest]);
  assert.deepEqual(pushed, { Tag: 'v1', Digest: digest, Size: size });
  assert.equal(digestAt('to:v1'), digest);
});

test('an index whose other platforms the repository has goes whole', async () => {
  const index = putIndex([putFor(other), putFor(hostPlatform())]);
  await pull(hostPlatform());
  assert.deepEqual(await push('from:v2'), [{ Tag: 'v2', Digest: index.digest, Size: index.size }]);
  assert.equal(digestAt('from:v2'), index.digest);
});

test('of several platforms that are here the host’s goes, where parts of the index are nowhere', async () => {
  const own = putFor(hostPlatform());
  putIndex([putFor(other), own, putFor(third)]);
  await pull(other, hostPlatform());
  await push('to:v1');
  assert.equal(digestAt('to:v1'), own.digest);
});

test('several platforms of which none is the host’s are refused while others are nowhere', async () => {
  putIndex([putFor(other), putFor(hostPlatform()), putFor(third)]);
  await pull(other, third);
  await assert.rejects(push('to:v1'), { code: 'index-incomplete' });
  assert.equal(registry.manifests.has('to:v1'), false);
});
