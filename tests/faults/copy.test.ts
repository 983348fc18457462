import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readContainerPath, writeContainerPath } from '@gantry/client';
import { type TarMember, tarArchive, temporaryRoot } from '@gantry/testkit';
import { busyboxArchive, loadBusybox } from '../support/busybox-image.ts';
import { Outside } from '../support/outside.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
const mebibyte = 1024 * 1024;
let daemon: TestDaemon;
let outside: Outside;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  outside = new Outside(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function write(id: string, to: string, members: readonly TarMember[]): Promise<void> {
  await writeContainerPath(daemon.api, id, oneChunk(tarArchive(members)), { path: to, copyUidGid: false });
}

async function read(id: string, from: string): Promise<Buffer> {
  const { archive } = await readContainerPath(daemon.api, id, from);
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('a path that becomes a link to the host while it is copied never leads there', async () => {
  // The container has a directory of that name too, so that the link leads somewhere inside.
  const swap = `mkdir -p ${outside.path} /swap; while :; do mv /swap /kept; ln -s ${outside.path} /swap; rm /swap; mv /kept /swap; done`;
  const id = await daemon.ok('run', '-d', '--network', 'none', image, 'sh', '-c', swap);
  await daemon.ok('exec', id, 'sh', '-c', 'until [ -e /swap ]; do :; done');
  const members = [
    { name: 'planted', content: 'x' },
    { name: 'deep/planted', content: 'x' },
    { name: 'secret', content: 'overwritten' },
  ];
  for (let turn = 0; turn < 100; turn += 1) {
    await write(id, '/swap', members).catch(() => {});
    const seen = await read(id, '/swap/.').catch(() => Buffer.alloc(0));
    assert.ok(!seen.includes('secret of the host'));
  }
  outside.assertUntouched();
  await daemon.ok('rm', '-f', id);
});

test('links in a container and in an archive lead nowhere else than into the container', async () => {
  const id = await daemon.ok(
    'create',
    '--network',
    'none',
    image,
    'sh',
    '-c',
    `cat ${outside.path}/through /tmp/through`,
  );
  await write(id, '/tmp', [
    { name: 'absolute', type: 'symlink', linkName: outside.path },
    { name: 'climbing', type: 'symlink', linkName: `../../../../../../../..${outside.path}` },
    { name: 'process', type: 'symlink', linkName: `/proc/self/root${outside.path}` },
    { name: 'root', type: 'symlink', linkName: '../../..' },
    { name: 'absolute/through', content: 'inside' },
    { name: 'root/tmp/through', content: ' and inside' },
  ]);
  for (const from of [
    '/tmp/absolute/secret',
    '/tmp/climbing/secret',
    '/tmp/process/secret',
    '/proc/1/root/etc/shadow',
  ]) {
    await assert.rejects(read(id, from), /Could not find the file/, from);
  }
  for (const name of ['../planted', '../../../../../../../../../../../planted']) {
    await assert.rejects(write(id, '/tmp', [{ name, content: 'x' }]), /is outside of "\/tmp"/);
  }
  const linked: TarMember = {
    name: 'hard',
    type: 'hard-link',
    linkName: `../../../../../../..${outside.path}/secret`,
  };
  await assert.rejects(write(id, '/tmp', [linked]), /outside/);
  assert.equal(await daemon.ok('start', '-a', id), 'inside and inside');
  outside.assertUntouched();
  await daemon.ok('rm', id);
});

test('no program of a container is run to copy from it or into it', async () => {
  const trap = { content: '#!/bin/sh\necho trapped > /trapped\n', mode: 0o755 };
  const names = [
    'bin/tar',
    'usr/bin/tar',
    'usr/bin/xz',
    'bin/gzip',
    'lib/libnss_files.so.2',
    'etc/ld.so.preload',
  ];
  await write(await trapped(names.map((name) => ({ name, ...trap }))), '/tmp', [
    { name: 'in', content: 'x' },
  ]);
  assert.ok((await read('trapped', '/tmp')).includes('in'));
  await assert.rejects(read('trapped', '/trapped'), /Could not find the file/);
  await daemon.ok('rm', 'trapped');
});

/** A container with more files in it, called `trapped`. */
async function trapped(members: readonly TarMember[]): Promise<string> {
  await daemon.ok('create', '--name', 'trapped', '--network', 'none', '-u', 'daemon', image, 'true');
  await write('trapped', '/', members);
  return 'trapped';
}

test('a disk that fills during a commit is told, keeps nothing, and the container runs on', async () => {
  await using root = await temporaryRoot();
  const small = path.join(root.path, 'small');
  mkdirSync(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', small]);
  try {
    await using full = await TestDaemon.start(['--data-root', path.join(small, 'data')]);
    const loaded = await full.docker(['load'], { stdin: await busyboxArchive() });
    assert.equal(loaded.exitCode, 0, loaded.stderr);
    const fill = 'dd if=/dev/urandom of=/noise bs=1M count=16 2>/dev/null; exec sleep 1000';
    const id = await full.ok('run', '-d', '--network', 'none', image, 'sh', '-c', fill);
    await full.ok(
      'exec',
      id,
      'sh',
      '-c',
      `until [ "$(stat -c %s /noise)" = ${16 * mebibyte} ]; do usleep 10000; done`,
    );
    const freeBlocks = statfsSync(small).bfree;
    const refused = await full.gantry(['commit', id, 'too/large']);
    assert.notEqual(refused.exitCode, 0);
    assert.match(refused.stderr, /no space left/i);
    assert.equal(await full.ok('images', '--format', '{{.Repository}}'), image);
    assert.equal(await full.ok('exec', id, 'stat', '-c', '%s', '/noise'), String(16 * mebibyte));
    await until('the space is given back', () => statfsSync(small).bfree >= freeBlocks - 64);
    await full.ok('rm', '-f', id);
  } finally {
    execFileSync('umount', [small]);
  }
});
