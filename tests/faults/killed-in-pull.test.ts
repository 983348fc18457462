import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FakeRegistry, putDocument, putImage } from '@gantry/distribution/testing';
import { hostPlatform } from '@gantry/oci';
import { tarArchive } from '@gantry/testkit';
import { killAtEveryPoint, startFaultyDaemon } from '../support/fault-walk.ts';
import type { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const host = hostPlatform();
const other = { os: 'linux', architecture: 's390x' };
const content = randomBytes(6_000_000);
let daemon: TestDaemon;
let registry: FakeRegistry;

before(async () => {
  daemon = await startFaultyDaemon();
  registry = await FakeRegistry.start();
  const manifests = [host, other].map((platform) => ({
    ...putImage(registry, {
      repository: 'team/multi',
      // Layers of their own: one that is here is not fetched again.
      layers: [{ tar: tarArchive([{ name: `of-${platform.architecture}`, content: randomBytes(1000) }]) }],
      platform,
    }),
    platform,
  }));
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  putDocument(registry, {
    repository: 'team/multi',
    document: { schemaVersion: 2, mediaType, manifests } as { mediaType: string },
    tag: '1',
  });
  putImage(registry, {
    repository: 'team/large',
    layers: [{ tar: tarArchive([{ name: 'large', content }]) }],
    platform: host,
    tag: '1',
  });
});
after(async () => {
  await registry[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
});

test('a pull goes on where it was when the engine was killed', async () => {
  const name = `${registry.host}/team/large:1`;
  const half = 3_000_000;
  const ranges: string[] = [];
  registry.interfere = ({ url = '', headers }, response) => {
    const blob = registry.blobs.get(/sha256:[0-9a-f]{64}$/.exec(url)?.[0] ?? '');
    if (blob === undefined || blob.length < half) return false;
    ranges.push(headers.range ?? 'all');
    if (ranges.length > 1) return false;
    response.writeHead(200, { 'Content-Length': blob.length });
    response.write(blob.subarray(0, half));
    return true;
  };
  const broken = daemon.gantry(['pull', name]);
  const kept = path.join(daemon.dataRoot, 'content/resumable');
  await until('the first half is on disk', () =>
    readdirSync(kept).some((file) => statSync(path.join(kept, file)).size >= 2 << 20),
  );
  await daemon.end('SIGKILL');
  assert.notEqual((await broken).exitCode, 0);
  await daemon.restart();
  await daemon.ok('pull', name);
  registry.interfere = () => false;
  const [, from = '0'] = /^bytes=(\d+)-$/.exec(ranges[1] ?? '') ?? [];
  assert.ok(Number(from) >= 2 << 20, String(ranges));
  assert.equal(ranges.length, 2);
  assert.deepEqual(readdirSync(kept), []);
  assert.equal((await daemon.gantry(['system', 'fsck'])).exitCode, 0);
  await daemon.ok('rmi', name);
});

test('an engine killed at any step of a pull, or of taking a platform away, has an image that is whole', async () => {
  const name = `${registry.host}/team/multi:1`;
  await killAtEveryPoint(daemon, {
    covers: ['image-remove-platform', 'partial-blob', 'pull'],
    among: ['image-remove-platform', 'image-prune', 'partial-blob', 'pull'],
    prepare: async () => name,
    operate: async () => {
      await daemon.ok('pull', name);
      await daemon.ok('pull', '--platform', 'linux/s390x', name);
      await daemon.ok('rmi', '--platform', 'linux/s390x', name);
    },
    verify: async (_, acknowledged) => {
      assert.deepEqual(readdirSync(path.join(daemon.dataRoot, 'snapshots/incoming')), []);
      await daemon.ok('pull', name);
      const gone = await daemon.gantry(['image', 'inspect', '--platform', 'linux/s390x', name]);
      if (acknowledged) assert.match(gone.stderr, /does not provide the specified platform/);
      await daemon.ok('rmi', name);
      assert.deepEqual(readdirSync(path.join(daemon.dataRoot, 'content/blobs/sha256')), []);
    },
  });
});
