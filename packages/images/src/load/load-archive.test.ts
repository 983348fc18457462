import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTestImage, type TestImageSource } from '@gantry/testkit';
import { ImageStoreFixture } from '../../testing/index.ts';

const source: TestImageSource = {
  names: ['docker.io/library/x:1'],
  layers: [[{ name: 'etc/', type: 'directory' }], [{ name: 'etc/file', content: 'text' }]],
  config: { config: { Cmd: ['sh'], Env: ['A=1'] } },
};

for (const format of ['docker-archive', 'oci-layout', 'both'] as const) {
  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    test(`a ${format} packed with ${compression}, layers too, is loaded and resolves`, async () => {
      using fixture = new ImageStoreFixture();
      const image = makeTestImage({ format, images: [source], compression, layerCompression: compression });
      assert.deepEqual(await fixture.load(image.archive), [{ stream: 'Loaded image: x:1\n' }]);
      const resolved = await fixture.store.resolve('x:1');
      assert.deepEqual(resolved.layers, image.images[0]?.manifests[0]?.diffIds);
      assert.deepEqual(resolved.config.config, { Cmd: ['sh'], Env: ['A=1'] });
      assert.deepEqual(await fixture.layers(), [...resolved.layers].sort());
      if (format !== 'docker-archive') assert.equal(resolved.id, image.images[0]?.target?.digest);
    });
  }
}

test('a docker archive gives the same image id on every host', async () => {
  const { archive } = makeTestImage({ format: 'docker-archive', images: [source] });
  const ids = new Set<string>();
  for (let round = 0; round < 2; round += 1) {
    using fixture = new ImageStoreFixture();
    await fixture.load(archive);
    ids.add((await fixture.store.resolve('x:1')).id);
  }
  assert.equal(ids.size, 1);
});

test('the progress of layers is told unless quiet', async () => {
  using fixture = new ImageStoreFixture();
  const messages = await fixture.load(makeTestImage({ format: 'oci-layout', images: [source] }).archive, {
    quiet: false,
  });
  assert.ok(
    messages.some(({ status, progressDetail }) => status === 'Loading layer' && progressDetail?.total),
  );
});

test('several images and names of one archive are all loaded', async () => {
  using fixture = new ImageStoreFixture();
  const images: TestImageSource[] = [
    { ...source, names: ['docker.io/library/a:1', 'localhost:5000/a:2'] },
    { layers: [[{ name: 'b' }]] },
  ];
  const archive = makeTestImage({ format: 'oci-layout', images });
  const lines = (await fixture.load(archive.archive)).map(({ stream }) => stream);
  const untagged = archive.images[1]?.target?.digest;
  assert.deepEqual(lines, [
    'Loaded image: a:1\n',
    'Loaded image: localhost:5000/a:2\n',
    `Loaded image ID: ${untagged}\n`,
  ]);
  assert.equal(
    (await fixture.store.resolve('localhost:5000/a:2')).id,
    (await fixture.store.resolve('a:1')).id,
  );
});

test('a layer that is a link within a docker archive is found', async () => {
  for (const [type, linkName] of [
    ['symlink', '../0-0/layer.tar'],
    ['hard-link', '0-0/layer.tar'],
  ] as const) {
    using fixture = new ImageStoreFixture();
    const layer = [{ name: 'same' }];
    const { archive } = makeTestImage({
      format: 'docker-archive',
      images: [{ names: ['x:1'], layers: [layer, layer] }],
      edit: (members) =>
        members.map((member) =>
          member.name === '0-1/layer.tar' ? { name: member.name, type, linkName } : member,
        ),
    });
    await fixture.load(archive);
    const { layers } = await fixture.store.resolve('x:1');
    assert.equal(layers.length, 2);
  }
});

test('an index of several platforms stays whole and is one image', async () => {
  using fixture = new ImageStoreFixture();
  const platforms = [
    { os: 'linux', architecture: 's390x' },
    { os: 'linux', architecture: 'amd64' },
  ];
  const archive = makeTestImage({ format: 'oci-layout', images: [{ ...source, platforms }] });
  await fixture.load(archive.archive);
  const [image] = archive.images;
  const other = await fixture.store.resolve('x:1', { platform: { os: 'linux', architecture: 's390x' } });
  assert.equal(other.id, image?.target?.digest);
  assert.equal(other.config.architecture, 's390x');
  await assert.rejects(fixture.store.resolve('x:1', { platform: { os: 'linux', architecture: 'riscv64' } }), {
    code: 'image-platform-not-found',
    message: 'image with reference x:1 was found but does not provide the specified platform (linux/riscv64)',
  });
});

test('an index may lack platforms, but not all', async () => {
  const platforms = [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 's390x' },
  ];
  const whole = makeTestImage({ format: 'oci-layout', images: [{ ...source, platforms }] });
  const load = async (without: readonly string[]): Promise<void> => {
    using fixture = new ImageStoreFixture();
    const { archive } = makeTestImage({
      format: 'oci-layout',
      images: [{ ...source, platforms }],
      edit: (members) =>
        members.filter(({ name }) => !without.some((digest) => `blobs/${digest.replace(':', '/')}` === name)),
    });
    await fixture.load(archive);
    const [summary] = await fixture.list();
    assert.equal(summary?.Id, whole.images[0]?.target?.digest);
  };
  const [first, second] = whole.images[0]?.manifests.map(({ configDigest }) => configDigest) ?? [];
  await load([second ?? '']);
  await assert.rejects(load([first ?? '', second ?? '']), {
    code: 'image-content-missing',
    message: `content digest ${first}: not found`,
  });
});

test('loading again changes nothing, and a name moves to the image that was loaded last', async () => {
  using fixture = new ImageStoreFixture();
  const first = makeTestImage({ format: 'oci-layout', images: [source] });
  await fixture.load(first.archive);
  const blobs = await fixture.blobs();
  await fixture.load(first.archive);
  assert.deepEqual(await fixture.blobs(), blobs);
  await fixture.load(makeTestImage({ format: 'oci-layout', images: [{ ...source, config: {} }] }).archive);
  const [, dangling] = (await fixture.list()).sort((left) => (left.RepoTags.length > 0 ? -1 : 1));
  assert.equal(dangling?.Id, first.images[0]?.target?.digest);
  assert.deepEqual(dangling?.RepoTags, []);
});

test('a name in manifest.json is taken where the layout names nothing, and a bare tag is no name', async () => {
  using fixture = new ImageStoreFixture();
  const { archive } = makeTestImage({
    format: 'both',
    images: [source],
    edit: (members) =>
      members.map((member) =>
        member.name === 'index.json'
          ? {
              ...member,
              content: String(member.content)
                .replace(/"io.containerd.image.name":"[^"]*",/, '')
                .replace(/ref.name":"[^"]*"/, 'ref.name":"1"'),
            }
          : member,
      ),
  });
  assert.deepEqual(await fixture.load(archive), [{ stream: 'Loaded image: x:1\n' }]);
});
