import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { FakeBuildClient, openRealBuilder, type RealBuilder } from '../../../testing/index.ts';

let root: TemporaryRoot;
let one: RealBuilder;
let other: RealBuilder;

before(async () => {
  root = await temporaryRoot();
  for (const name of ['one', 'other']) mkdirSync(path.join(root.path, name));
  one = await openRealBuilder(path.join(root.path, 'one'), 'gbout1');
  other = await openRealBuilder(path.join(root.path, 'other'), 'gbout2');
  await other.images.load(await one.images.save(['busybox']), { onProgress: () => {}, quiet: true });
});

after(async () => {
  await one[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  await root[Symbol.asyncDispose]();
});

const dockerfile = `FROM busybox AS made
RUN cat /proc/sys/kernel/random/uuid > /made
FROM busybox
COPY --from=made /made /kept
RUN cat /proc/sys/kernel/random/uuid > /last
`;

function cacheTo(mode: string) {
  return [
    {
      type: 'local',
      attributes: new Map([
        ['dest', '/cache'],
        ['mode', mode],
      ]),
    },
  ];
}

function cacheFrom(metadata: Readonly<Record<string, string>>) {
  const { digest } = JSON.parse(metadata['cache.manifest'] ?? '{}') as { digest: string };
  return [
    {
      type: 'local',
      attributes: new Map([
        ['src', '/cache'],
        ['digest', digest],
      ]),
    },
  ];
}

test('an engine goes on from what another one has written to a cache, all of it or what the result needs', async () => {
  const client = new FakeBuildClient();
  const first = await one.build(dockerfile, { client, cacheTo: cacheTo('max') });
  const from = cacheFrom(first.metadata);
  const second = await other.build(dockerfile, { client, cacheFrom: from });
  assert.equal(await other.read(second.id, '/kept'), await one.read(first.id, '/kept'));
  assert.equal(await other.read(second.id, '/last'), await one.read(first.id, '/last'));
  const least = new FakeBuildClient();
  await one.build(dockerfile, { client: least, cacheTo: cacheTo('min') });
  const blobs = (of: FakeBuildClient): number => of.stores.get('local:/cache')?.size ?? 0;
  assert.ok(blobs(least) > 0 && blobs(least) < blobs(client));
});

test('a cache that is not there or is damaged fails no build, one of another type is refused by name', async () => {
  const client = new FakeBuildClient();
  const text = `${dockerfile}RUN true\n`;
  const written = await one.build(text, { client, cacheTo: cacheTo('max') });
  const from = cacheFrom(written.metadata);
  const store = client.stores.get('local:/cache') ?? new Map<string, Uint8Array>();
  for (const [digest, bytes] of store) if (bytes[0] === 0x1f) store.set(digest, bytes.subarray(0, 20));
  await other.build(text.replaceAll('/last', '/damaged'), { client, cacheFrom: from });
  await other.builds.pruneCache({ keepBytes: 0 });
  await other.build(text, { client, cacheFrom: from });
  for (const digest of store.keys()) store.set(digest, Buffer.from('{}'));
  await other.build(text, { client, cacheFrom: from });
  await other.build(text, { client: new FakeBuildClient(), cacheFrom: from });
  for (const type of ['gha', 's3', 'azblob', 'inline']) {
    const location = [{ type, attributes: new Map<string, string>() }];
    await assert.rejects(one.build(text, { cacheFrom: location }), new RegExp(`cache from type=${type}`));
    await assert.rejects(one.build(text, { cacheTo: location }), new RegExp(`cache to type=${type}`));
  }
});
