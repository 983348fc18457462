import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type Descriptor,
  type Digest,
  encodeTarHeader,
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  parsePlatform,
  readTar,
  tarEnd,
  tarPadding,
} from '@gantry/oci';
import { ImageStoreFixture } from '../../testing/index.ts';
import type { ComposedImage } from './compose-image.ts';
import { type ImageFormat, type PlatformImage, plainFormat } from './image-format.ts';

const amd64 = parsePlatform('linux/amd64');
const arm64 = parsePlatform('linux/arm64');

function tarOf(files: Readonly<Record<string, string>>, seconds = 1000n): Buffer {
  const parts = Object.entries(files).flatMap(([name, text]) => [
    encodeTarHeader({
      type: 'file',
      name: Buffer.from(name),
      sizeBytes: Buffer.byteLength(text),
      mtimeNs: seconds * 1_000_000_000n + 5n,
    }),
    Buffer.from(text),
    tarPadding(Buffer.byteLength(text)),
  ]);
  return Buffer.concat([...parts, tarEnd]);
}

/** An image of one layer with these files. */
async function platformImage(
  fixture: ImageStoreFixture,
  tar: Buffer,
  more: Partial<PlatformImage> = {},
): Promise<PlatformImage> {
  const { digest, sizeBytes } = await fixture.content.ingest(single(tar), {});
  await fixture.snapshots.unpackLayer({
    diffId: digest,
    blobPath: fixture.content.path(digest),
    compression: 'none',
  });
  return {
    layers: [{ diffId: digest, sizeBytes }],
    platform: amd64,
    config: { Cmd: ['true'] },
    author: '',
    created: new Date(0),
    history: [{ created_by: 'COPY' }],
    attestations: [],
    ...more,
  };
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function compose(
  fixture: ImageStoreFixture,
  platforms: readonly PlatformImage[],
  format: Partial<ImageFormat> = {},
): Promise<ComposedImage> {
  const scope = fixture.store.keep();
  return await fixture.store.composer.compose(
    { platforms, format: { ...plainFormat, ...format }, names: ['docker.io/library/a:1'], index: false },
    scope,
  );
}

async function bytesOf(fixture: ImageStoreFixture, digest: Digest): Promise<Buffer> {
  return Buffer.from(await fixture.content.readSmall(digest, 2 ** 24));
}

async function json<T>(fixture: ImageStoreFixture, { digest }: Pick<Descriptor, 'digest'>): Promise<T> {
  return JSON.parse((await bytesOf(fixture, digest)).toString()) as T;
}

async function firstLayer(fixture: ImageStoreFixture, image: ComposedImage): Promise<Descriptor> {
  const { layers } = await json<ImageManifest>(fixture, image.manifests[0]?.manifest ?? image.target);
  return layers[0] ?? assert.fail('no layer');
}

test('a layer is packed as asked, and named in the family that has a name for it', async () => {
  using fixture = new ImageStoreFixture();
  const tar = tarOf({ a: 'text' });
  const image = await platformImage(fixture, tar);
  const packed = async (format: Partial<ImageFormat>) => {
    const layer = await firstLayer(fixture, await compose(fixture, [image], format));
    return { type: layer.mediaType, bytes: await bytesOf(fixture, layer.digest) };
  };
  const plain = await packed({});
  assert.deepEqual(plain, { type: 'application/vnd.oci.image.layer.v1.tar', bytes: tar });
  const gzip = await packed({ packing: 'gzip', level: 9, family: 'docker' });
  assert.equal(gzip.type, 'application/vnd.docker.image.rootfs.diff.tar.gzip');
  assert.deepEqual(gunzipSync(gzip.bytes), tar);
  const zstd = await packed({ packing: 'zstd', family: 'docker' });
  assert.equal(zstd.type, 'application/vnd.oci.image.layer.v1.tar+zstd');
  assert.deepEqual(zstdDecompressSync(zstd.bytes), tar);
});

test('estargz: files can be had one by one by the table of contents that the footer leads to', async () => {
  using fixture = new ImageStoreFixture();
  const large = 'x'.repeat(5 * 1024 * 1024);
  const image = await platformImage(fixture, tarOf({ 'dir/small': 'hello', large, empty: '' }));
  const composed = await compose(fixture, [image], { packing: 'estargz' });
  const layer = await firstLayer(fixture, composed);
  const blob = await bytesOf(fixture, layer.digest);
  const footer = blob.subarray(-51);
  assert.equal(footer.subarray(32, 38).toString(), 'STARGZ');
  const tocOffset = Number.parseInt(footer.subarray(16, 32).toString(), 16);
  const toc = gunzipSync(blob.subarray(tocOffset, -51));
  const members = await Array.fromAsync(readTar(single(toc)), async ({ entry, content }) => ({
    name: Buffer.from(entry.name).toString(),
    text: Buffer.concat(await Array.fromAsync(content)).toString(),
  }));
  assert.deepEqual(
    members.map(({ name }) => name),
    ['stargz.index.json'],
  );
  const { entries } = JSON.parse(members[0]?.text ?? '') as {
    entries: { name: string; type: string; offset?: number; size?: number; chunkOffset?: number }[];
  };
  assert.deepEqual(
    entries.map(({ name, type, size, chunkOffset }) => ({ name, type, size, chunkOffset })),
    [
      { name: 'dir/small', type: 'reg', size: 5, chunkOffset: undefined },
      { name: 'large', type: 'reg', size: large.length, chunkOffset: undefined },
      { name: 'large', type: 'chunk', size: undefined, chunkOffset: 4 * 1024 * 1024 },
      { name: 'empty', type: 'reg', size: undefined, chunkOffset: undefined },
    ],
  );
  const [small, next] = entries;
  assert.equal(gunzipSync(blob.subarray(small?.offset, next?.offset)).subarray(0, 5).toString(), 'hello');
  const { config } = composed.manifests[0] ?? assert.fail();
  const { rootfs } = await json<ImageConfig>(fixture, { digest: config });
  const whole = gunzipSync(blob);
  const names = await Array.fromAsync(readTar(single(whole)), ({ entry }) =>
    Buffer.from(entry.name).toString(),
  );
  assert.deepEqual(names, ['dir/small', 'large', 'empty', 'stargz.index.json']);
  assert.equal(layer.annotations?.['io.containers.estargz.uncompressed-size'], String(whole.length));
  assert.notEqual(rootfs.diff_ids[0], image.layers[0]?.diffId);
});

test('what is packed once is not packed again, while somebody keeps it', async () => {
  const retained: Digest[] = [];
  using fixture = new ImageStoreFixture({ retained: () => retained });
  const image = await platformImage(fixture, tarOf({ a: 'text' }));
  retained.push(image.layers[0]?.diffId ?? assert.fail());
  const scope = fixture.store.keep();
  const request = {
    platforms: [image],
    names: [],
    index: false,
    format: { ...plainFormat, packing: 'gzip' },
  } as const;
  const { digest } = await firstLayer(fixture, await fixture.store.composer.compose(request, scope));
  await scope[Symbol.asyncDispose]();
  await fixture.store.collectGarbage();
  assert.ok((await fixture.blobs()).includes(digest));
  retained.length = 0;
  await fixture.store.collectGarbage();
  assert.deepEqual(await fixture.blobs(), []);
});

test('several platforms are an index, with annotations where they belong', async () => {
  using fixture = new ImageStoreFixture();
  const platforms = [
    await platformImage(fixture, tarOf({ a: 'one' })),
    await platformImage(fixture, tarOf({ a: 'two' }), { platform: arm64 }),
  ];
  const { target } = await compose(fixture, platforms, {
    annotations: {
      manifests: [
        { key: 'm', value: 'arm', platform: arm64 },
        { key: 'm', value: 'all' },
      ],
      descriptors: [{ key: 'd', value: 'amd', platform: amd64 }],
      index: { i: 'index' },
    },
  });
  const index = await json<ImageIndex>(fixture, target);
  assert.deepEqual(index.annotations, { i: 'index' });
  assert.deepEqual(
    index.manifests.map(({ platform, annotations }) => ({ platform, annotations })),
    [
      { platform: amd64, annotations: { d: 'amd' } },
      { platform: arm64, annotations: undefined },
    ],
  );
  const annotated = await Promise.all(
    index.manifests.map(async (manifest) => (await json<ImageManifest>(fixture, manifest)).annotations),
  );
  assert.deepEqual(annotated, [{ m: 'all' }, { m: 'arm' }]);
});

test('what is attested lies in the index as a manifest of statements about the image', async () => {
  using fixture = new ImageStoreFixture();
  const attestations = [{ predicateType: 'https://example.org/p', predicate: { k: 1 } }];
  const image = await platformImage(fixture, tarOf({ a: 'a' }), { attestations });
  const { target, manifests } = await compose(fixture, [image]);
  const [own, attested] = (await json<ImageIndex>(fixture, target)).manifests;
  assert.equal(own?.digest, manifests[0]?.manifest.digest);
  assert.deepEqual(attested?.platform, { architecture: 'unknown', os: 'unknown' });
  assert.deepEqual(attested.annotations, {
    'vnd.docker.reference.digest': own?.digest,
    'vnd.docker.reference.type': 'attestation-manifest',
  });
  const { layers } = await json<ImageManifest>(fixture, attested);
  assert.deepEqual(layers[0]?.annotations, { 'in-toto.io/predicate-type': 'https://example.org/p' });
  const statement = await json(fixture, layers[0] ?? assert.fail());
  assert.deepEqual(statement, {
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType: 'https://example.org/p',
    subject: [
      {
        name: 'pkg:docker/a@1?platform=linux%2Famd64',
        digest: { sha256: own?.digest.slice('sha256:'.length) },
      },
    ],
    predicate: { k: 1 },
  });
});

test('layers that differ in the times of files alone are the same below a latest time', async () => {
  using fixture = new ImageStoreFixture();
  const [one, two] = await Promise.all(
    [5000n, 7000n].map(async (seconds) => {
      const image = await platformImage(fixture, tarOf({ a: 'a' }, seconds));
      return await compose(fixture, [image], { latestFileTime: 4000, packing: 'gzip' });
    }),
  );
  assert.equal(one?.target.digest, two?.target.digest);
  const older = await platformImage(fixture, tarOf({ a: 'a' }, 3000n));
  const kept = await compose(fixture, [older], { latestFileTime: 4000 });
  const layer = await bytesOf(fixture, (await firstLayer(fixture, kept)).digest);
  const [time] = await Array.fromAsync(readTar(single(layer)), ({ entry }) => entry.mtimeNs);
  assert.equal(time, 3000n * 1_000_000_000n + 5n);
});
