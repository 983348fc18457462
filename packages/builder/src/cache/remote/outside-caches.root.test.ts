import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { FakeBuildClient, openRealBuilder, type RealBuilder } from '../../../testing/index.ts';
import { imageOutput } from '../../index.ts';

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

/** What lies in a store, by digest. */
function documentsOf(store: ReadonlyMap<string, Uint8Array> | undefined): Map<string, unknown> {
  const documents = new Map<string, unknown>();
  for (const [digest, bytes] of store ?? [])
    if (bytes[0] === 0x7b) documents.set(digest, JSON.parse(Buffer.from(bytes).toString()));
  return documents;
}

test('a cache is written as BuildKit writes one: a manifest or an index, with layers packed as asked', async () => {
  const forms: [Record<string, string>, RegExp, string][] = [
    [{}, /oci\.image\.manifest/, 'tar+gzip'],
    [{ 'image-manifest': 'false', compression: 'zstd' }, /oci\.image\.index/, 'tar+zstd'],
    [{ 'oci-mediatypes': 'false', compression: 'uncompressed' }, /docker.*manifest\.list/, 'diff.tar'],
  ];
  for (const [attributes, mediaType, layerType] of forms) {
    const client = new FakeBuildClient();
    const location = {
      type: 'local',
      attributes: new Map(Object.entries({ dest: '/cache', mode: 'max', ...attributes })),
    };
    const { metadata, id } = await one.build(dockerfile, { client, cacheTo: [location] });
    const descriptor = JSON.parse(metadata['cache.manifest'] ?? '{}') as {
      mediaType: string;
      digest: string;
    };
    assert.match(descriptor.mediaType, mediaType);
    const documents = documentsOf(client.stores.get('local:/cache'));
    type Listed = { mediaType: string; digest: string; annotations?: Record<string, string> };
    const document = documents.get(descriptor.digest) as {
      config?: Listed;
      layers?: Listed[];
      manifests?: Listed[];
    };
    const all = document.manifests ?? [
      ...(document.layers ?? []),
      ...(document.config ? [document.config] : []),
    ];
    const config = all.at(-1);
    assert.equal(config?.mediaType, 'application/vnd.buildkit.cacheconfig.v0');
    for (const layer of all.slice(0, -1)) {
      assert.ok(layer.mediaType.endsWith(layerType), layer.mediaType);
      assert.match(layer.annotations?.['containerd.io/uncompressed'] ?? '', /^sha256:/);
    }
    const { records } = documents.get(config?.digest ?? '') as { records: { digest: string }[] };
    assert.ok(records.length >= 3 && records.every(({ digest }) => /^sha256:[0-9a-f]{64}$/.test(digest)));
    await other.builds.pruneCache({ keepBytes: 0 });
    const second = await other.build(dockerfile, { client, cacheFrom: cacheFrom(metadata) });
    assert.equal(await other.read(second.id, '/last'), await one.read(id, '/last'));
  }
});

test('an image has the cache of its build within it, by an argument or an option, and another engine goes on from it', async () => {
  const text = 'FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /inline\nWORKDIR /\nRUN true\n';
  for (const request of [
    { cacheTo: [{ type: 'inline', attributes: new Map<string, string>() }] },
    { buildArguments: new Map([['BUILDKIT_INLINE_CACHE', '1']]) },
  ]) {
    const built = await one.build(text, {
      ...request,
      outputs: [imageOutput(['docker.io/library/within:latest'])],
    });
    await other.images.load(await one.images.save(['within']), { onProgress: () => {}, quiet: true });
    await other.builds.pruneCache({ keepBytes: 0 });
    const cacheFrom = [{ type: 'registry', attributes: new Map([['ref', 'within']]) }];
    const { id, events } = await other.build(text, { cacheFrom });
    assert.equal(await other.read(id, '/inline'), await one.read(built.id, '/inline'));
    assert.ok(events.some((event) => event.kind === 'vertex' && event.vertex.cached));
    await other.images.remove('within', { force: true, prune: true });
  }
  const plain = await one.build(text, { noCache: true });
  const inline = await one.build(text, { cacheTo: [{ type: 'inline', attributes: new Map() }] });
  assert.notEqual(plain.id, inline.id);
  assert.equal(
    (await one.build(text, { cacheTo: [{ type: 'inline', attributes: new Map() }] })).id,
    inline.id,
  );
});

test('a cache of another builder is passed over with a word', async () => {
  const client = new FakeBuildClient();
  const store = new Map<string, Uint8Array>();
  client.stores.set('local:/cache', store);
  const put = (document: object): { digest: string; size: number } => {
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    store.set(digest, bytes);
    return { digest, size: bytes.length };
  };
  const layer = {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest: `sha256:${'a'.repeat(64)}`,
    size: 9,
  };
  const records = [
    { digest: `sha256:${'b'.repeat(64)}`, layers: [{ layer: 0, createdAt: '2026-01-01T00:00:00Z' }] },
  ];
  const config = put({ layers: [{ blob: layer.digest, parent: -1 }], records });
  const mediaType = 'application/vnd.buildkit.cacheconfig.v0';
  const manifest = put({ schemaVersion: 2, config: { mediaType, ...config }, layers: [layer] });
  const from = cacheFrom({ 'cache.manifest': JSON.stringify(manifest) });
  const { events } = await other.build(dockerfile, { client, cacheFrom: from });
  assert.ok(
    events.some((event) => event.kind === 'status' && /no steps of this builder/.test(event.status.id)),
  );
});

test('attributes of a cache that are no values are refused, those that are not built by name', async () => {
  const client = new FakeBuildClient();
  const refused = async (attributes: Record<string, string>, message: RegExp): Promise<void> => {
    const cacheTo = [
      { type: 'local', attributes: new Map(Object.entries({ dest: '/cache', ...attributes })) },
    ];
    await assert.rejects(one.build(dockerfile, { client, cacheTo }), message);
  };
  await refused({ mode: 'all' }, /invalid cache mode: all/);
  await refused({ compression: 'estargz' }, /compression=estargz of a cache is not supported/);
  await refused({ compression: 'lzma' }, /'compression' for a cache of type local/);
  await refused({ 'oci-mediatypes': 'false', 'image-manifest': 'true' }, /needs oci-mediatypes/);
  await refused({ shiny: '1' }, /'shiny' of a cache of type local/);
  const nowhere = {
    type: 'registry',
    attributes: new Map([
      ['ref', 'nowhere.invalid/cache'],
      ['ignore-error', 'true'],
    ]),
  };
  await one.build(dockerfile, { client, cacheTo: [nowhere] });
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
  for (const type of ['gha', 's3', 'azblob']) {
    const location = [{ type, attributes: new Map<string, string>() }];
    await assert.rejects(one.build(text, { cacheFrom: location }), new RegExp(`cache from type=${type}`));
    await assert.rejects(one.build(text, { cacheTo: location }), new RegExp(`cache to type=${type}`));
  }
});
