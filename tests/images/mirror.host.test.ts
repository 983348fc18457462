import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openRealImageStore } from '@gantry/images/testing';
import { LeakCheck, temporaryRoot } from '@gantry/testkit';

/** These need the host's network: its distribution's mirror, as its apt is configured with it. */

const osRelease = readFileSync('/etc/os-release', 'utf8');
const field = (name: string): string => new RegExp(`^${name}="?([^"\n]+)`, 'm').exec(osRelease)?.[1] ?? '';
/** The distribution that this host's mirror has. */
const name = `mirror/${field('ID') === 'ubuntu' ? 'ubuntu' : 'debian'}`;
const codename = field('VERSION_CODENAME');

/** A whole distribution is unpacked and configured: this takes as long as the machine is slow. */
const timeout = 240_000;

test("an image of the host's distribution is made of the host's mirror: a root file system that knows what it is", {
  timeout,
}, async () => {
  await using root = await temporaryRoot('mirror');
  await using leaks = await LeakCheck.begin({
    tag: root.path,
    directories: [path.join(root.path, 'work')],
    allow: (kind) => kind === 'descriptor' || kind === 'mount',
  });
  await using images = await openRealImageStore(root.path);
  const statuses: string[] = [];
  const pull = (tag: string): Promise<void> =>
    images.store.pull(`docker.io/${name}:${tag}`, {
      onProgress: ({ status }) => statuses.push(status ?? ''),
    });
  await pull('latest');
  assert.equal(statuses[0], `Pulling from ${name}`);
  for (const status of ['Downloading packages', 'Extracting', 'Storing', 'Pull complete']) {
    assert.ok(statuses.includes(status), status);
  }
  assert.equal(statuses.at(-1), `Status: Downloaded newer image for ${name}:latest`);

  const { layers, config, id } = await images.store.resolve(name);
  assert.deepEqual(config.config?.Cmd, ['bash']);
  await images.snapshots.create('c', layers);
  const mounted = await images.snapshots.mount('c');
  const inside = (...command: string[]): string => execFileSync('chroot', [mounted, ...command]).toString();
  assert.match(inside('cat', '/etc/os-release'), new RegExp(`^VERSION_CODENAME=${codename}$`, 'm'));
  assert.match(inside('apt-cache', 'policy'), /Package files/);
  for (const file of ['hostname', 'resolv.conf', 'machine-id']) {
    assert.ok(!existsSync(path.join(mounted, 'etc', file)), `the host's ${file} is not in the image`);
  }
  await images.snapshots.remove('c');

  await pull(codename);
  assert.equal((await images.store.resolve(`${name}:${codename}`)).id, id);
  await leaks.check();
});

test('a making that is cancelled ends its programs and leaves nothing', async () => {
  await using root = await temporaryRoot('mirror');
  await using leaks = await LeakCheck.begin({
    tag: root.path,
    directories: [path.join(root.path, 'work')],
    allow: (kind) => kind === 'descriptor',
  });
  await using images = await openRealImageStore(root.path);
  const abort = new AbortController();
  const pulling = images.store.pull(name, {
    signal: abort.signal,
    onProgress: ({ status }) => {
      if (status === 'Downloading packages') abort.abort();
    },
  });
  await assert.rejects(pulling, { name: 'AbortError' });
  assert.deepEqual(readdirSync(images.workDirectory), []);
  assert.deepEqual(readdirSync(path.join(root.path, 'content/blobs/sha256')), []);
  await leaks.check();
});

test('a suite that the mirror does not have is told with those that it has', async () => {
  await using root = await temporaryRoot('mirror');
  await using images = await openRealImageStore(root.path);
  const lines: unknown[] = [];
  await assert.rejects(
    images.store.pull(`${name}:nosuch`, { onProgress: (line) => lines.push(line) }),
    (error: Error & { kind?: string }) => {
      assert.equal(error.kind, 'not-found');
      assert.match(
        error.message,
        /^cannot make mirror\/\w+:nosuch: this host's mirror has no suite "nosuch"; it has \w+/,
      );
      return true;
    },
  );
  assert.deepEqual(lines, []);
});

test('busybox comes from the mirror where it is not installed, is the same binary, and then up to date', async () => {
  await using root = await temporaryRoot('mirror');
  const directory = path.join(root.path, 'busybox');
  mkdirSync(directory);
  await using images = await openRealImageStore(root.path, { installedPackages: false });
  const statuses: (string | undefined)[] = [];
  for (const said of ['Downloaded newer image', 'Image is up to date']) {
    await images.store.pull('mirror/busybox', { onProgress: ({ status }) => statuses.push(status) });
    assert.equal(statuses.at(-1), `Status: ${said} for mirror/busybox:latest`);
  }
  const { layers } = await images.store.resolve('mirror/busybox');
  await images.snapshots.create('c', layers);
  const mounted = await images.snapshots.mount('c');
  assert.match(execFileSync('chroot', [mounted, '/bin/busybox']).toString(), /^BusyBox v1\./);
  assert.ok(existsSync(path.join(mounted, 'bin/ls')));
  await images.snapshots.remove('c');
});
