import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTestImage, type TestImageOptions, type TestImageSource } from '@gantry/testkit';
import { ImageStoreFixture } from '../../testing/index.ts';

const source: TestImageSource = {
  names: ['docker.io/library/x:1'],
  layers: [[{ name: 'etc/', type: 'directory' }], [{ name: 'etc/file', content: 'text' }]],
  config: { config: { Cmd: ['sh'], Env: ['A=1'] } },
};

type Edit = NonNullable<TestImageOptions['edit']>;

interface BadArchive extends Partial<TestImageOptions> {
  title: string;
  error: object | RegExp;
}

const [manifestPath, configPath, layerPath] = ((): [string, string, string] => {
  const [image] = makeTestImage({ format: 'oci-layout', images: [source] }).images;
  const path = (digest: string | undefined): string => `blobs/${digest?.replace(':', '/')}`;
  const [manifest] = image?.manifests ?? [];
  return [path(image?.target?.digest), path(manifest?.configDigest), path(manifest?.layerDigests[1])];
})();

const without =
  (name: string): Edit =>
  (members) =>
    members.filter((member) => member.name !== name);

const withContent =
  (name: string, content: string): Edit =>
  (members) =>
    members.map((member) => (member.name === name ? { ...member, content } : member));

const badArchives: readonly BadArchive[] = [
  {
    title: 'a blob with other content',
    edit: withContent(layerPath, 'other'),
    error: { code: 'blob-mismatch' },
  },
  { title: 'a missing layer', edit: without(layerPath), error: { code: 'image-content-missing' } },
  { title: 'a missing config', edit: without(configPath), error: { code: 'image-content-missing' } },
  { title: 'a missing manifest', edit: without(manifestPath), error: { code: 'image-content-missing' } },
  { title: 'an index.json that is missing', edit: without('index.json'), error: /no index.json/ },
  {
    title: 'an index.json of null',
    edit: withContent('index.json', 'null'),
    error: { code: 'invalid-document' },
  },
  {
    title: 'an index.json with null manifests',
    edit: withContent('index.json', '{"schemaVersion":2,"manifests":[null]}'),
    error: { code: 'invalid-document' },
  },
  {
    title: 'an index.json that is a manifest too',
    edit: withContent('index.json', '{"schemaVersion":2,"manifests":[],"layers":[]}'),
    error: { code: 'invalid-document' },
  },
  {
    title: 'an index.json without images',
    edit: withContent('index.json', '{"schemaVersion":2,"manifests":[]}'),
    error: /archive holds no image/,
  },
  {
    title: 'a layout of another version',
    edit: withContent('oci-layout', '{"imageLayoutVersion":"9"}'),
    error: /unsupported OCI version "9"/,
  },
  { title: 'a layout file that is null', edit: withContent('oci-layout', 'null'), error: /oci-layout/ },
  {
    title: 'no image format at all',
    format: 'docker-archive',
    edit: () => [{ name: 'file', content: 'x' }],
    error: { message: 'unrecognized image format' },
  },
  {
    title: 'a docker archive without a layer',
    format: 'docker-archive',
    edit: without('0-1/layer.tar'),
    error: { message: 'layer "0-1/layer.tar" not found' },
  },
  {
    title: 'a docker archive whose layers lead in a circle',
    format: 'docker-archive',
    edit: (members) => [
      ...members.filter(({ name }) => name !== '0-1/layer.tar'),
      { name: '0-1/layer.tar', type: 'symlink', linkName: 'a' },
      { name: '0-1/a', type: 'symlink', linkName: 'layer.tar' },
    ],
    error: { message: 'layer "0-1/layer.tar" not found' },
  },
  {
    title: 'a docker archive without a config',
    format: 'docker-archive',
    edit: (members) => members.filter(({ name }) => !/^[0-9a-f]{64}\.json$/.test(String(name))),
    error: /^InvalidImageError: image config "[0-9a-f]{64}\.json" not found/,
  },
  {
    title: 'a docker archive with fewer layers than diff ids',
    format: 'docker-archive',
    edit: (members) =>
      members.map((member) =>
        member.name === 'manifest.json'
          ? { ...member, content: String(member.content).replace(',"0-1/layer.tar"', '') }
          : member,
      ),
    error: { message: 'invalid manifest, layers length mismatch: expected 1, got 2' },
  },
  {
    title: 'a manifest.json that is no list',
    format: 'docker-archive',
    edit: withContent('manifest.json', '{}'),
    error: /manifest.json is not a list/,
  },
  {
    title: 'a manifest.json of nulls',
    format: 'docker-archive',
    edit: withContent('manifest.json', '[null]'),
    error: /without Config/,
  },
  {
    title: 'a tag that is none',
    format: 'docker-archive',
    images: [{ ...source, names: ['UPPER:1'] }],
    error: { message: 'invalid tag "UPPER:1"' },
  },
  {
    title: 'an entry that leaves the archive',
    edit: (members) => [{ name: '../../etc/passwd', content: 'x' }, ...members],
    error: /archive entry "\.\.\/\.\.\/etc\/passwd" leaves the archive/,
  },
  {
    title: 'a link that leaves the archive',
    edit: (members) => [{ name: 'a/b', type: 'symlink', linkName: '../../../etc/passwd' }, ...members],
    error: /leaves the archive/,
  },
  {
    title: '100 MB of JSON',
    edit: (members) => [
      { name: 'manifest.json', content: '[', claimedSizeBytes: 100 * 2 ** 20 },
      ...members.slice(0, 1),
      { name: 'filler', content: new Uint8Array(5 * 2 ** 20) },
    ],
    error: /manifest.json is larger than/,
  },
  {
    title: 'a manifest of 10,000 layers',
    images: [
      {
        layers: [],
        config: { rootfs: { type: 'layers', diff_ids: Array(10_000).fill(`sha256:${'0'.repeat(64)}`) } },
      },
    ],
    error: { code: 'too-many-layers' },
  },
  {
    title: 'a config with other diff ids than layers',
    images: [{ ...source, config: { rootfs: { type: 'layers', diff_ids: [] } } }],
    error: { code: 'invalid-document' },
  },
  {
    title: 'a layer that is not what its diff id says',
    images: [
      {
        ...source,
        config: {
          rootfs: { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`, `sha256:${'1'.repeat(64)}`] },
        },
      },
    ],
    error: { code: 'layer-mismatch' },
  },
];

for (const { title, error, ...options } of badArchives) {
  test(`${title} is refused, and nothing is left`, async () => {
    using fixture = new ImageStoreFixture();
    const { archive } = makeTestImage({ format: 'oci-layout', images: [source], ...options });
    await assert.rejects(fixture.load(archive), error);
    assert.deepEqual(await fixture.list(), []);
    assert.deepEqual(await fixture.blobs(), []);
    assert.deepEqual(await fixture.layers(), []);
  });
}

for (const compression of ['gzip', 'zstd'] as const) {
  test(`a truncated ${compression} archive is refused, and nothing is left`, async () => {
    using fixture = new ImageStoreFixture();
    const { archive } = makeTestImage({ format: 'oci-layout', images: [source], compression });
    await assert.rejects(fixture.load(archive.subarray(0, archive.length - 20)), {
      code: 'image-invalid',
      message: `damaged or truncated ${compression} stream`,
    });
    assert.deepEqual(await fixture.blobs(), []);
  });
}

test('a truncated plain archive is refused', async () => {
  using fixture = new ImageStoreFixture();
  const { archive } = makeTestImage({ format: 'oci-layout', images: [source] });
  await assert.rejects(fixture.load(archive.subarray(0, 700)), { code: 'corrupt-tar' });
});

test('an archive that unpacks to more than the bound is refused', async () => {
  using fixture = new ImageStoreFixture({ limits: { archiveBytes: 100_000 } });
  const bomb = makeTestImage({
    format: 'docker-archive',
    images: [{ layers: [[{ name: 'zeros', content: new Uint8Array(1_000_000) }]] }],
    compression: 'gzip',
  });
  await assert.rejects(fixture.load(bomb.archive), { message: 'archive is larger than 100000 bytes' });
  assert.deepEqual(await fixture.blobs(), []);
});

test('the second image of an archive failing takes the first with it', async () => {
  using fixture = new ImageStoreFixture();
  const { archive } = makeTestImage({
    format: 'docker-archive',
    images: [source, { ...source, names: ['y:1'] }],
    edit: without('1-0/layer.tar'),
  });
  await assert.rejects(fixture.load(archive), { message: 'layer "1-0/layer.tar" not found' });
  assert.deepEqual(await fixture.list(), []);
});

test('a failed load leaves what other images share', async () => {
  using fixture = new ImageStoreFixture();
  await fixture.load(makeTestImage({ format: 'oci-layout', images: [source] }).archive);
  const blobs = await fixture.blobs();
  const { archive } = makeTestImage({
    format: 'oci-layout',
    images: [{ ...source, names: ['y:1'], config: {} }],
    edit: (members) => members.filter(({ name }) => name !== 'index.json'),
  });
  await assert.rejects(fixture.load(archive), /no index.json/);
  assert.deepEqual(await fixture.blobs(), blobs);
  assert.equal((await fixture.store.resolve('x:1')).layers.length, 2);
});

test('an aborted load leaves nothing', async () => {
  using fixture = new ImageStoreFixture();
  const abort = new AbortController();
  const { archive } = makeTestImage({ format: 'oci-layout', images: [source] });
  const cut = async function* (): AsyncGenerator<Uint8Array> {
    yield archive.subarray(0, 3000);
    abort.abort();
    yield archive.subarray(3000);
  };
  const loading = fixture.store.load(cut(), { onProgress: () => {}, signal: abort.signal });
  await assert.rejects(loading, { name: 'AbortError' });
  assert.deepEqual(await fixture.blobs(), []);
});
