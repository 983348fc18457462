import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { tarArchive } from '@gantry/testkit';
import { ImageStoreFixture, inPieces } from '../../testing/index.ts';
import type { ImportOptions } from '../image-store.ts';

const tar = tarArchive([
  { name: 'etc/', type: 'directory' },
  { name: 'etc/file', content: 'x'.repeat(100_000) },
]);
const options: ImportOptions = { changes: [], message: '', onProgress: () => {}, reference: 'x:1' };

function pack(program: string): Buffer {
  const { stdout, status } = spawnSync(program, ['-c'], { input: tar });
  assert.equal(status, 0);
  return stdout;
}

for (const [program, mediaType] of [
  ['cat', 'application/vnd.oci.image.layer.v1.tar'],
  ['gzip', 'application/vnd.oci.image.layer.v1.tar+gzip'],
  ['zstd', 'application/vnd.oci.image.layer.v1.tar+zstd'],
  ['xz', 'application/vnd.oci.image.layer.v1.tar+gzip'],
  ['bzip2', 'application/vnd.oci.image.layer.v1.tar+gzip'],
] as const) {
  test(`an archive packed by ${program} becomes an image of one layer`, async () => {
    using fixture = new ImageStoreFixture();
    const archive = program === 'cat' ? tar : program === 'zstd' ? zstd() : pack(program);
    const id = await fixture.store.import(inPieces(archive), options);
    const resolved = await fixture.store.resolve('x:1');
    assert.equal(resolved.id, id);
    const manifest = JSON.parse(
      Buffer.from(await fixture.content.readSmall(resolved.manifestDigest, 10_000)).toString(),
    ) as { layers: { mediaType: string; digest: string }[] };
    assert.equal(manifest.layers[0]?.mediaType, mediaType);
    assert.deepEqual((await fixture.layers()).length, 1);
  });
}

function zstd(): Buffer {
  return Buffer.from(zstdCompressSync(tar));
}

test('changes, message, platform and name go into the image', async () => {
  using fixture = new ImageStoreFixture();
  await fixture.store.import(inPieces(tar), {
    ...options,
    reference: 'team/image',
    changes: ['CMD ["sh"]', 'ENV A=1'],
    message: 'from a tar',
    platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
  });
  const { config } = await fixture.store.resolve('team/image:latest');
  assert.deepEqual(config.config, { Cmd: ['sh'], Env: ['A=1'] });
  assert.equal(config.architecture, 'arm64');
  assert.equal(config.history?.[0]?.comment, 'from a tar');
  assert.equal((await fixture.store.inspect('team/image')).Comment, 'from a tar');
});

test('an import without a name is an untagged image', async () => {
  using fixture = new ImageStoreFixture();
  const { reference: _, ...unnamed } = options;
  const id = await fixture.store.import(inPieces(tar), unnamed);
  const [image] = await fixture.list();
  assert.equal(image?.Id, id);
  assert.deepEqual(image.RepoTags, []);
});

test('a bad change or name is told before a byte is read', async () => {
  using fixture = new ImageStoreFixture();
  const unread = async function* (): AsyncGenerator<Uint8Array> {
    yield assert.fail('read');
  };
  const importing = (more: Partial<ImportOptions>): Promise<unknown> =>
    fixture.store.import(unread(), { ...options, ...more });
  await assert.rejects(async () => importing({ changes: ['RUN x'] }), { code: 'image-change-invalid' });
  await assert.rejects(async () => importing({ reference: 'UPPER' }), { code: 'invalid-reference' });
});

test('a damaged xz or bzip2 archive is refused and leaves nothing', async () => {
  for (const program of ['xz', 'bzip2']) {
    using fixture = new ImageStoreFixture();
    const packed = pack(program);
    await assert.rejects(fixture.store.import(inPieces(packed.subarray(0, packed.length - 20)), options), {
      code: 'image-invalid',
      message: new RegExp(`^damaged or truncated ${program} stream: `),
    });
    assert.deepEqual(await fixture.blobs(), []);
  }
});

test('an archive that unpacks past the bound is refused and leaves nothing', async () => {
  for (const program of ['gzip', 'xz', 'bzip2']) {
    using fixture = new ImageStoreFixture({ limits: { archiveBytes: 50_000 } });
    await assert.rejects(fixture.store.import(inPieces(pack(program)), options), {
      message: 'archive is larger than 50000 bytes',
    });
    assert.deepEqual(await fixture.blobs(), []);
  }
});

test('an error of the stream passes through, whatever the compression', async () => {
  for (const archive of [tar, pack('gzip'), pack('xz')]) {
    using fixture = new ImageStoreFixture();
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield archive.subarray(0, 100);
      throw new Error('connection lost');
    };
    await assert.rejects(fixture.store.import(broken(), options), { message: 'connection lost' });
    assert.deepEqual(await fixture.blobs(), []);
  }
});
