import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeRootfs } from '../rootfs.ts';
import { temporaryRoot } from '../temporary-root.ts';
import { LeakCheck } from './leak-check.ts';

test('a mount, a link, an nft table and a cgroup are each named', async () => {
  await using root = await temporaryRoot();
  const cgroupPrefix = `leak-check-${process.pid}`;
  const leaks = await LeakCheck.begin({ tag: root.path, cgroupPrefix, graceMs: 0 });
  const mounted = path.join(root.path, 'm');
  mkdirSync(mounted);
  const cgroup = `/sys/fs/cgroup/pids/${cgroupPrefix}-x`;
  execFileSync('mount', ['-t', 'tmpfs', 'none', mounted]);
  execFileSync('ip', ['link', 'add', 'leak0', 'type', 'veth', 'peer', 'name', 'leak1']);
  execFileSync('nft', ['add', 'table', 'inet', 'leak']);
  mkdirSync(cgroup);
  await assert.rejects(leaks.check(), (error: Error) => {
    for (const part of [
      `mount: ${mounted} (tmpfs)`,
      'link: leak0',
      'link: leak1',
      'table inet leak',
      cgroup,
    ]) {
      assert.ok(error.message.includes(part), `${part} in ${error.message}`);
    }
    return true;
  });
  execFileSync('umount', [mounted]);
  execFileSync('ip', ['link', 'delete', 'leak0']);
  execFileSync('nft', ['delete', 'table', 'inet', 'leak']);
  rmdirSync(cgroup);
  await leaks.check();
});

test('a temporary root unmounts what was left in it, and says so', async () => {
  const root = await temporaryRoot();
  mkdirSync(path.join(root.path, 'm m'));
  execFileSync('mount', ['-t', 'tmpfs', 'none', path.join(root.path, 'm m')]);
  await assert.rejects(
    async () => root[Symbol.asyncDispose](),
    /still mounted at the end of the test: .*m m/,
  );
  assert.ok(!execFileSync('cat', ['/proc/self/mountinfo']).includes(root.path));
});

test('a busybox root file system runs its shell', async () => {
  await using root = await temporaryRoot();
  await makeRootfs(root.path);
  const output = execFileSync('chroot', [root.path, '/bin/sh', '-c', 'id -u nobody; stat -c %a /tmp']);
  assert.equal(output.toString(), '65534\n1777\n');
});
