import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openRealImageStore } from '@gantry/images/testing';
import { temporaryRoot } from '@gantry/testkit';
import { startUbuntuArchive } from '../support/ubuntu-archive.ts';

/** What is Ubuntu's about the archive is its names, its layout and its key; the packages come from the host's own mirror. */

const timeout = 240_000;

test("mirror/ubuntu is made of what an Ubuntu host's apt is configured with", {
  timeout,
}, async () => {
  await using root = await temporaryRoot('ubuntu');
  await using archive = await startUbuntuArchive(root.path);
  const osReleaseFile = path.join(root.path, 'os-release');
  writeFileSync(osReleaseFile, 'ID=ubuntu\nVERSION_CODENAME=noble\n');
  const lists = path.join(root.path, 'lists');
  mkdirSync(lists);
  const hostPaths = { aptDirectory: archive.aptDirectory, osReleaseFile, listsDirectory: lists };
  await using images = await openRealImageStore(root.path, { hostPaths });
  const statuses: string[] = [];
  const pull = (name: string): Promise<void> =>
    images.store.pull(name, { onProgress: ({ status }) => statuses.push(status ?? '') });

  await pull('mirror/ubuntu:noble-slim');
  for (const status of [
    'Pulling from mirror/ubuntu',
    'Downloading packages',
    'Extracting',
    'Pull complete',
  ]) {
    assert.ok(statuses.includes(status), `${status} of ${statuses.join()}`);
  }
  const { layers, config } = await images.store.resolve('mirror/ubuntu:noble-slim');
  assert.equal(config.config?.Labels?.['org.opencontainers.image.title'], 'ubuntu noble slim');
  assert.equal(config.config?.Labels?.['org.opencontainers.image.version'], '24.04');
  await images.snapshots.create('c', layers);
  const mounted = await images.snapshots.mount('c');
  assert.equal(execFileSync('chroot', [mounted, 'sh', '-c', 'echo runs']).toString(), 'runs\n');
  const sources = readFileSync(path.join(mounted, 'etc/apt/sources.list.d/ubuntu.sources'), 'utf8');
  assert.deepEqual(sources.match(/(?<=^Suites: ).*/gm), ['noble', 'noble-updates', 'noble-security']);
  assert.match(sources, /^Signed-By: \/usr\/share\/keyrings\/ubuntu-archive-keyring\.gpg$/m);
  await images.snapshots.remove('c');

  await assert.rejects(pull('mirror/ubuntu:nosuch'), {
    message: /this host's mirror has no suite "nosuch"; it has noble/,
  });
  await assert.rejects(pull('mirror/debian:bookworm'), {
    message: /this host's apt has no mirror of that distribution \(it has: mirror\/ubuntu \(noble\)\)/,
  });
});

test('an archive whose signature is by another key is not taken for Ubuntu’s', async () => {
  await using root = await temporaryRoot('ubuntu');
  await using archive = await startUbuntuArchive(root.path, { empty: true });
  const keyring = path.join(root.path, 'ubuntu-archive-keyring.gpg');
  writeFileSync(keyring, readFileSync('/usr/share/keyrings/debian-archive-keyring.gpg'));
  const hostPaths = { aptDirectory: archive.aptDirectory, listsDirectory: path.join(root.path, 'none') };
  await using images = await openRealImageStore(root.path, { hostPaths });
  await assert.rejects(images.store.pull('mirror/ubuntu:noble', { onProgress: () => {} }), {
    kind: 'unavailable',
    message: /^cannot make mirror\/ubuntu:noble: .*noble InRelease' is not signed/,
  });
  assert.ok(!archive.asked.some((url) => url.includes('/Packages')));
});
