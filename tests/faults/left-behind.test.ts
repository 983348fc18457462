import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
const isolated = ['--network', 'none'];
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

test('socket, process id file and lock of a dead engine, and cgroups of containers that are gone, hinder nobody', async () => {
  await daemon.end('SIGKILL');
  const left = [
    daemon.socketPath,
    path.join(daemon.execRoot, 'gantryd.pid'),
    path.join(daemon.dataRoot, 'engine.lock'),
  ];
  for (const file of left) assert.ok(existsSync(file), file);
  // Somebody else has that number by now.
  writeFileSync(path.join(daemon.execRoot, 'gantryd.pid'), String(process.pid));
  const gone = 'c'.repeat(64);
  const parents = readdirSync('/sys/fs/cgroup').map((name) =>
    path.join('/sys/fs/cgroup', name, path.basename(daemon.root)),
  );
  const cgroups = parents.filter((parent) => existsSync(parent)).map((parent) => path.join(parent, gone));
  for (const cgroup of cgroups) mkdirSync(cgroup);
  mkdirSync(path.join(daemon.execRoot, 'containers', gone), { recursive: true });
  await daemon.restart();
  assert.equal(await daemon.ok('run', '--rm', ...isolated, image, 'echo', 'works'), 'works');
  await daemon.ok('system', 'fsck', '--repair');
  for (const cgroup of cgroups) assert.ok(!existsSync(cgroup), cgroup);
  assert.equal(await daemon.ok('system', 'fsck'), 'everything fits');
});
