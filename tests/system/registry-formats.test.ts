import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { inspectImage, listImages } from '@gantry/client';
import { FakeRegistry, putDocument, putImage } from '@gantry/distribution/testing';
import { hostPlatform } from '@gantry/oci';
import { tarArchive } from '@gantry/testkit';
import { peer, TestDaemon } from '../support/test-daemon.ts';

const host = hostPlatform();
const oci = 'application/vnd.oci.image';
const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
const only = { skip: peer === undefined ? false : 'is about formats that dockerd 20.10 does not know' };
let daemon: TestDaemon;
let registry: FakeRegistry;

before(async () => {
  if (peer !== undefined) return;
  daemon = await TestDaemon.start();
  registry = await FakeRegistry.start();
});
after(async () => {
  if (peer !== undefined) return;
  await registry[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
});
beforeEach(() => {
  if (peer === undefined) registry.requests.length = 0;
});

/** A file of an image, by a container that never runs. */
async function fileIn(image: string, file: string): Promise<string> {
  const id = (await daemon.ok('create', image, '/none')).trim();
  const { stdout } = await daemon.gantry(['cp', `${id}:${file}`, '-'], {});
  await daemon.ok('rm', id);
  return execFileSync('tar', ['-xO'], { input: stdout }).toString();
}

/** As zstd:chunked has it: a frame for each part, and a table of contents and a footer in frames that are skipped. */
function zstdChunked(tar: Buffer): Buffer {
  const skippable = (content: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(0x184d2a50, 0);
    head.writeUInt32LE(content.length, 4);
    return Buffer.concat([head, content]);
  };
  const frames: Buffer[] = [];
  for (let at = 0; at < tar.length; at += 512) frames.push(zstdCompressSync(tar.subarray(at, at + 512)));
  const contents = zstdCompressSync(Buffer.from('{"version":1,"entries":[]}'));
  return Buffer.concat([...frames, skippable(contents), skippable(Buffer.alloc(64, 'GNUlInUx'))]);
}

describe('what a registry may have', only, () => {
  test('layers in zstd:chunked are unpacked as zstd', async () => {
    const tar = tarArchive([{ name: 'chunked', content: 'of many frames' }]);
    putImage(registry, {
      repository: 'formats/zstd',
      layers: [
        {
          tar,
          packed: zstdChunked(tar),
          mediaType: `${oci}.layer.v1.tar+zstd`,
          more: { annotations: { 'io.github.containers.zstd-chunked.manifest-position': '0:0:0:1' } },
        },
      ],
      platform: host,
      tag: '1',
    });
    const name = `${registry.host}/formats/zstd:1`;
    await daemon.ok('pull', name);
    assert.equal(await fileIn(name, '/chunked'), 'of many frames');
    await daemon.ok('rmi', name);
  });

  test('attestations and artifacts in an index are listed as what they are, and are not taken for images', async () => {
    const repository = 'formats/attested';
    const image = putImage(registry, {
      repository,
      layers: [{ tar: tarArchive([{ name: 'a', content: 'a' }]) }],
      platform: host,
    });
    const unknown = { os: 'unknown', architecture: 'unknown' };
    const attestation = putImage(registry, { repository, layers: [], platform: unknown });
    const manifests = [
      { ...image, platform: host },
      {
        ...attestation,
        platform: unknown,
        annotations: {
          'vnd.docker.reference.type': 'attestation-manifest',
          'vnd.docker.reference.digest': image.digest,
        },
      },
      { ...attestation, digest: `sha256:${'0'.repeat(64)}`, artifactType: 'application/vnd.example+json' },
    ];
    const document = { schemaVersion: 2, mediaType: `${oci}.index.v1+json`, manifests };
    putDocument(registry, { repository, document, tag: '1' });
    const name = `${registry.host}/${repository}:1`;
    await daemon.ok('pull', name);
    const [listed] = await listImages(daemon.api, { manifests: true });
    assert.deepEqual(
      listed?.Manifests?.map(({ Kind, Available }) => [Kind, Available]),
      [
        ['image', true],
        ['attestation', false],
        ['unknown', false],
      ],
    );
    assert.equal(listed?.Manifests?.[1]?.AttestationData?.For, image.digest);
    const platform = JSON.stringify(host);
    assert.equal((await inspectImage(daemon.api, name, platform)).Os, 'linux');
    const tree = await daemon.ok('images', '--tree');
    assert.match(
      tree,
      new RegExp(`├─ linux/${host.architecture}.*\\n├─ attestation linux/${host.architecture}`),
    );
    await daemon.ok('rmi', name);
  });

  test('a foreign layer is had from the registry or not at all', async () => {
    const asked: string[] = [];
    const elsewhere = createServer(({ url = '' }, response) => {
      asked.push(url);
      response.end();
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const urls = [`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/layer`];
    const put = (tag: string, content: string): void => {
      const tar = tarArchive([{ name: 'foreign', content }]);
      putImage(registry, {
        repository: 'formats/foreign',
        layers: [{ tar, mediaType: foreign, more: { urls } }],
        platform: host,
        tag,
      });
    };
    put('here', 'from the registry');
    const name = `${registry.host}/formats/foreign`;
    await daemon.ok('pull', `${name}:here`);
    assert.equal(await fileIn(`${name}:here`, '/foreign'), 'from the registry');
    put('away', 'from elsewhere');
    registry.blobs.delete([...registry.blobs.keys()].at(-1) ?? '');
    const refused = await daemon.gantry(['pull', `${name}:away`]);
    assert.equal(refused.exitCode, 1);
    assert.match(
      refused.stderr,
      /it is a foreign layer, to be had from http:.*not fetched from the addresses/,
    );
    assert.deepEqual(asked, []);
    await new Promise((resolve) => elsewhere.close(resolve));
    await daemon.ok('rmi', `${name}:here`);
  });
});
