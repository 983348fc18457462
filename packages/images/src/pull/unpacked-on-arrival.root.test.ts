import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import type { RegistryClient } from '@gantry/distribution';
import { FakeRegistry, openTestClient, putImage } from '@gantry/distribution/testing';
import { hostPlatform } from '@gantry/oci';
import { LeakCheck, type TemporaryRoot, tarArchive, temporaryRoot } from '@gantry/testkit';
import { openRealImageStore, type RealImageStore } from '../../testing/index.ts';

const content = randomBytes(5_000_000);
let registry: FakeRegistry;
let client: RegistryClient;
let root: TemporaryRoot;
let images: RealImageStore;

beforeEach(async () => {
  registry = await FakeRegistry.start();
  client = openTestClient();
  root = await temporaryRoot('arrival');
  images = await openRealImageStore(root.path, { registries: client });
});
afterEach(async () => {
  await images[Symbol.asyncDispose]();
  await root[Symbol.asyncDispose]();
  client[Symbol.dispose]();
  await registry[Symbol.asyncDispose]();
});

/** Stores an image of one large layer; returns the layer's hex digest. */
function putLarge(packed?: (tar: Buffer) => Uint8Array): string {
  const tar = tarArchive([
    { name: 'first', content: content.subarray(0, 2_000_000) },
    { name: 'last', content },
  ]);
  const layer = packed === undefined ? { tar } : { tar, packed: packed(tar) };
  putImage(registry, { repository: 'large', layers: [layer], platform: hostPlatform(), tag: '1' });
  return [...registry.blobs.keys()].at(-1)?.slice('sha256:'.length) ?? '';
}

function pull(signal?: AbortSignal): Promise<void> {
  return images.store.pull(`${registry.host}/large:1`, { onProgress: () => {}, ...(signal && { signal }) });
}

/** Answers a request for the layer by hand; every further one is left to the registry. */
function holdLayer(hex: string, answer: (blob: Buffer, response: ServerResponse) => void): void {
  registry.interfere = ({ url }, response) => {
    if (!url?.endsWith(hex)) return false;
    registry.interfere = () => false;
    const blob = Buffer.from(registry.blobs.get(`sha256:${hex}`) ?? []);
    response.writeHead(200, { 'Content-Length': blob.length });
    answer(blob, response);
    return true;
  };
}

function staged(): string[] {
  const incoming = path.join(root.path, 'snapshots/incoming');
  return readdirSync(incoming).map((name) => path.join(incoming, name, 'fs'));
}

async function unpacked(name: string): Promise<void> {
  while (!staged().some((staging) => existsSync(path.join(staging, name)))) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function assertWhole(): Promise<void> {
  const [layer] = await images.snapshots.layers();
  assert.ok(layer !== undefined && readFileSync(path.join(layer.path, 'last')).equals(content));
  assert.deepEqual([staged(), readdirSync(path.join(root.path, 'content/resumable'))], [[], []]);
}

async function assertNothing(): Promise<void> {
  assert.deepEqual(await images.snapshots.layers(), []);
  assert.deepEqual(staged(), []);
  assert.deepEqual(readdirSync(path.join(root.path, 'content/blobs/sha256')), []);
}

for (const packed of [undefined, (tar: Buffer) => tar, (tar: Buffer) => zstdCompressSync(tar)]) {
  test('a layer is unpacked while it comes, and cannot be seen before all of it was right', async () => {
    const hex = putLarge(packed);
    const half = Promise.withResolvers<() => void>();
    holdLayer(hex, (blob, response) => {
      response.write(blob.subarray(0, 4_000_000));
      half.resolve(() => response.end(blob.subarray(4_000_000)));
    });
    const pulling = pull();
    const goOn = await half.promise;
    await unpacked('first');
    assert.deepEqual(await images.snapshots.layers(), []);
    goOn();
    await pulling;
    await assertWhole();
  });
}

test('a layer that ends otherwise than its digest says is told as that, and nothing of it is left', async () => {
  const hex = putLarge((tar) => tar);
  await using _leaks = await LeakCheck.begin({ tag: root.path, allow: (kind) => kind !== 'mount' });
  for (const damage of [
    (blob: Buffer) => blob.fill(0, blob.length - 600_000, blob.length - 500_000),
    // No tar at all from there on.
    (blob: Buffer) => blob.fill(0xff, 2_001_000),
  ]) {
    holdLayer(hex, (blob, response) => response.end(damage(blob)));
    await assert.rejects(pull(), { code: 'blob-mismatch', message: new RegExp(hex) });
    await assertNothing();
  }
  await pull();
  await assertWhole();
});

test('a layer whose content is not what the image says brings nothing, though its digest is right', async () => {
  const tar = tarArchive([{ name: '../out', content: 'x' }]);
  putImage(registry, { repository: 'large', layers: [{ tar }], platform: hostPlatform(), tag: '1' });
  await assert.rejects(pull(), { code: 'unsafe-layer' });
  await assertNothing();
});

test('what an earlier engine had of a layer is unpacked first, and anew when it was wrong', async () => {
  for (const isWrong of [false, true]) {
    const hex = putLarge((tar) => tar);
    const bytes = Buffer.from(registry.blobs.get(`sha256:${hex}`) ?? []);
    const kept = path.join(root.path, 'content/resumable');
    mkdirSync(kept, { recursive: true });
    const before = Buffer.from(bytes.subarray(0, 3_000_000));
    writeFileSync(path.join(kept, hex), isWrong ? before.fill(1, 1_000_000) : before);
    await pull();
    await assertWhole();
    await images.store.remove(`${registry.host}/large:1`, { force: false, prune: true });
  }
});

test('a pull that is stopped in the middle of a layer stops its unpacking', async () => {
  const hex = putLarge((tar) => tar);
  const stop = new AbortController();
  holdLayer(hex, (blob, response) => response.write(blob.subarray(0, 4_000_000)));
  const pulling = pull(stop.signal);
  await unpacked('first');
  stop.abort();
  await assert.rejects(pulling, { name: 'AbortError' });
  await assertNothing();
  await pull();
  await assertWhole();
});

test('two layers of one content, of which one is whole elsewhere, are one', async () => {
  const tar = tarArchive([{ name: 'last', content }]);
  const layers = [{ tar, packed: tar }, { tar }];
  putImage(registry, { repository: 'large', layers, platform: hostPlatform(), tag: '1' });
  await pull();
  const diffId = `sha256:${createHash('sha256').update(tar).digest('hex')}`;
  assert.deepEqual(
    (await images.snapshots.layers()).map((layer) => layer.diffId),
    [diffId],
  );
  await assertWhole();
});
