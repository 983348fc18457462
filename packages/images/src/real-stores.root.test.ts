import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { hostPlatform } from '@gantry/oci';
import { LeakCheck, makeTestImage, type TarMember, temporaryRoot } from '@gantry/testkit';
import { inPieces, openRealImageStore } from '../testing/index.ts';

const layers: TarMember[][] = [
  [
    { name: 'etc/', type: 'directory' },
    { name: 'etc/gone', content: 'x' },
    { name: 'bin/', type: 'directory' },
    { name: 'bin/tool', content: '#!/bin/sh\n', mode: 0o4755, uid: 1, gid: 2 },
  ],
  [{ name: 'etc/.wh.gone' }, { name: 'etc/here', content: 'here' }],
];
const image = { names: ['docker.io/library/x:1'], layers };
const quiet = { onProgress: () => {} };
const gently = { force: false, prune: true };

test('a loaded image is a root file system that can be mounted, and goes without a trace', async () => {
  await using root = await temporaryRoot('images');
  await using leaks = await LeakCheck.begin({ tag: root.path, allow: (kind) => kind === 'descriptor' });
  await using images = await openRealImageStore(root.path);
  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    const { archive } = makeTestImage({
      format: 'docker-archive',
      images: [image],
      layerCompression: compression,
    });
    await images.store.load(inPieces(archive), quiet);
    const resolved = await images.store.resolve('x:1');
    await images.snapshots.create('c', resolved.layers);
    const mounted = await images.snapshots.mount('c');
    assert.equal(readFileSync(path.join(mounted, 'etc/here'), 'utf8'), 'here');
    assert.ok(!existsSync(path.join(mounted, 'etc/gone')));
    assert.equal(
      execFileSync('stat', ['-c', '%a %u %g', path.join(mounted, 'bin/tool')]).toString(),
      '4755 1 2\n',
    );
    await images.store.remove('x:1', gently);
    assert.equal((await images.snapshots.layers()).length, 2);
    await images.snapshots.remove('c');
    await images.store.collectGarbage();
    assert.deepEqual(await images.snapshots.layers(), []);
    assert.deepEqual(readdirSync(path.join(root.path, 'content/blobs/sha256')), []);
  }
  await leaks.check();
});

test('images survive a restart, and a lost layer directory is unpacked again', async () => {
  await using root = await temporaryRoot('images');
  const { archive } = makeTestImage({ format: 'both', images: [image], layerCompression: 'gzip' });
  {
    await using images = await openRealImageStore(root.path);
    await images.store.load(inPieces(archive), quiet);
  }
  const [lost = ''] = readdirSync(path.join(root.path, 'snapshots/layers'));
  rmSync(path.join(root.path, 'snapshots/layers', lost), { recursive: true });
  await using images = await openRealImageStore(root.path);
  const report = await images.store.repair();
  assert.deepEqual(report.unpackedLayers, [`sha256:${lost}`]);
  assert.deepEqual(report.damaged, []);
  assert.equal((await images.snapshots.layers()).length, 2);
});

const hostile: Record<string, TarMember[]> = {
  'an entry that leaves the layer': [{ name: '../../escaped', content: 'x' }],
  'a write through a symlink to outside': [
    { name: 'out', type: 'symlink', linkName: '/tmp' },
    { name: 'out/../../../escaped', content: 'x' },
  ],
  'a hard link to outside': [{ name: 'shadow', type: 'hard-link', linkName: '../../../../../../etc/shadow' }],
  'a whiteout of ..': [{ name: 'etc/.wh...' }],
};

for (const [title, members] of Object.entries(hostile)) {
  test(`an image with ${title} is refused, and nothing is left`, async () => {
    await using root = await temporaryRoot('images');
    await using images = await openRealImageStore(root.path);
    const { archive } = makeTestImage({
      format: 'oci-layout',
      images: [{ ...image, layers: [...layers, members] }],
    });
    await assert.rejects(images.store.load(inPieces(archive), quiet), (error: { kind?: string }) =>
      ['invalid', 'corrupt'].includes(error.kind ?? ''),
    );
    assert.deepEqual(await images.store.list({ all: false, filters: new Map() }), []);
    assert.deepEqual(await images.snapshots.layers(), []);
    assert.deepEqual(readdirSync(path.join(root.path, 'content/blobs/sha256')), []);
    assert.ok(!existsSync(path.join(root.path, 'escaped')));
  });
}

test('a full disk stops a load with a clear error, and nothing is left of it', async () => {
  await using root = await temporaryRoot('images');
  const disk = path.join(root.path, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', disk]);
  try {
    await using images = await openRealImageStore(disk);
    const noise = (bytes: number): Buffer =>
      Buffer.from(crypto.getRandomValues(new Uint8Array(65_536)).buffer, 0).subarray(0, bytes);
    const big = Buffer.concat(Array.from({ length: 48 }, () => noise(65_536)));
    const small = makeTestImage({ format: 'oci-layout', images: [image] });
    await images.store.load(inPieces(small.archive), quiet);
    // The blob fits, what it unpacks to does not; and then the blob does not.
    for (const copies of [2, 4]) {
      const members = Array.from({ length: copies }, (_, at) => ({ name: `big-${at}`, content: big }));
      const archive = makeTestImage({
        format: 'docker-archive',
        images: [{ names: ['big:1'], layers: [members] }],
      });
      await assert.rejects(images.store.load(inPieces(archive.archive, 60_000), quiet), {
        kind: 'exhausted',
        message: /no space left on device/,
      });
      await assert.rejects(images.store.resolve('big:1'), { code: 'image-not-found' });
    }
    assert.equal((await images.store.resolve('x:1')).layers.length, 2);
    await images.store.remove('x:1', gently);
    assert.deepEqual(readdirSync(path.join(disk, 'content/blobs/sha256')), []);
    assert.deepEqual(readdirSync(path.join(disk, 'snapshots/layers')), []);
  } finally {
    execFileSync('umount', ['--lazy', disk]);
  }
});

test('mirror/busybox is made of the installed package, runs, and is the same again', async () => {
  await using root = await temporaryRoot('images');
  await using leaks = await LeakCheck.begin({
    tag: root.path,
    directories: [path.join(root.path, 'work')],
    allow: (kind) => kind === 'descriptor' || kind === 'mount',
  });
  await using images = await openRealImageStore(root.path);
  const pull = async (): Promise<string[]> => {
    const lines: string[] = [];
    await images.store.pull('docker.io/mirror/busybox:latest', {
      onProgress: ({ status }) => lines.push(status ?? ''),
    });
    return lines;
  };
  const [first, second] = await Promise.all([pull(), pull()]);
  const { id, layers, config } = await images.store.resolve('mirror/busybox');
  assert.deepEqual(first, [
    'Pulling from mirror/busybox',
    'Pull complete',
    `Digest: ${id}`,
    'Status: Downloaded newer image for mirror/busybox:latest',
  ]);
  assert.deepEqual(second, first);
  assert.equal((await pull()).at(-1), 'Status: Image is up to date for mirror/busybox:latest');
  assert.deepEqual(config.config?.Cmd, ['sh']);
  assert.equal(config.architecture, hostPlatform().architecture);
  await images.snapshots.create('c', layers);
  const mounted = await images.snapshots.mount('c');
  const output = execFileSync('chroot', [
    mounted,
    '/usr/bin/env',
    'sh',
    '-c',
    'id -un; stat -c %a /tmp /root',
  ]);
  assert.equal(output.toString(), 'root\n1777\n700\n');
  await images.snapshots.remove('c');
  await leaks.check();
});

test('what a mirror image cannot be is told', async () => {
  await using root = await temporaryRoot('images');
  await using images = await openRealImageStore(root.path);
  const pull = (ref: string, options = {}): Promise<void> => images.store.pull(ref, { ...quiet, ...options });
  await assert.rejects(pull('mirror/busybox:9'), { kind: 'not-found', message: /"9"; it has latest, 1\./ });
  await assert.rejects(pull('mirror/fedora:1'), {
    kind: 'not-found',
    message:
      /^cannot make mirror\/fedora:1: .* there are mirror\/debian, mirror\/ubuntu and mirror\/busybox$/,
  });
  await assert.rejects(pull('mirror/busybox', { platform: { os: 'linux', architecture: 'mips64le' } }), {
    code: 'image-platform-not-found',
  });
  await assert.rejects(pull(`mirror/busybox@sha256:${'0'.repeat(64)}`), { code: 'image-not-found' });
});

test('a host without a mirror of the distribution says what it has', async () => {
  await using root = await temporaryRoot('images');
  const aptDirectory = path.join(root.path, 'apt');
  await using images = await openRealImageStore(root.path, { hostPaths: { aptDirectory } });
  await assert.rejects(images.store.pull('mirror/ubuntu:noble', quiet), {
    kind: 'not-found',
    message:
      "cannot make mirror/ubuntu:noble: this host's apt has no mirror of that distribution (it has: none)",
  });
});
