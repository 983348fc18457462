import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { makeTestImage, type TestImageOptions } from './test-image.ts';

const options: TestImageOptions = {
  format: 'oci-layout',
  images: [{ names: ['docker.io/library/x:1'], layers: [[{ name: 'a', content: 'a' }], [{ name: 'b' }]] }],
};

test('the same options give the same bytes', () => {
  assert.deepEqual(makeTestImage(options).archive, makeTestImage(options).archive);
});

test('an OCI layout holds a blob for the manifest, the config and each layer', () => {
  const { members, images } = makeTestImage(options);
  const [image] = images;
  const hex = image?.target?.digest.slice('sha256:'.length);
  const manifest = JSON.parse(
    String(members.find(({ name }) => name === `blobs/sha256/${hex}`)?.content),
  ) as {
    layers: { digest: string }[];
  };
  assert.deepEqual(
    manifest.layers.map((layer) => layer.digest),
    image?.manifests[0]?.layerDigests,
  );
});

test('several platforms give an index that names each', () => {
  const platforms = [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64' },
  ];
  const { images } = makeTestImage({
    format: 'oci-layout',
    images: [{ layers: [[{ name: 'a' }]], platforms }],
  });
  assert.match(images[0]?.target?.mediaType ?? '', /index/);
  assert.deepEqual(
    images[0]?.manifests.map((manifest) => manifest.platform),
    platforms,
  );
});

test('a docker archive names config and layers in manifest.json', () => {
  const { members } = makeTestImage({ ...options, format: 'docker-archive' });
  const [entry] = JSON.parse(String(members.find(({ name }) => name === 'manifest.json')?.content)) as {
    Config: string;
    Layers: string[];
    RepoTags: string[];
  }[];
  assert.deepEqual(entry?.RepoTags, ['docker.io/library/x:1']);
  for (const name of [entry.Config, ...entry.Layers])
    assert.ok(members.some((member) => member.name === name));
});

test('members can be changed before they are packed, and the archive compressed', () => {
  const { archive } = makeTestImage({
    ...options,
    compression: 'gzip',
    edit: (members) => members.filter(({ name }) => name !== 'oci-layout'),
  });
  assert.ok(!gunzipSync(archive).includes('imageLayoutVersion'));
});
