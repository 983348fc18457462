import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { mount } from '@gantry/kernel';
import { loadBusybox } from '../support/busybox-image.ts';
import { TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

function inDataRoot(...parts: string[]): string {
  return path.join(daemon.dataRoot, ...parts);
}

async function fsck(...flags: string[]): Promise<{ exitCode: number; stdout: string }> {
  return await daemon.gantry(['system', 'fsck', ...flags]);
}

test('system fsck finds nothing wrong with an engine at work', async () => {
  await daemon.ok(
    'run',
    '-d',
    '--name',
    'busy',
    '-v',
    'kept:/kept',
    '-p',
    '127.0.0.1::80',
    image,
    'sleep',
    '1000',
  );
  await daemon.ok('run', '--name', 'idle', '-v', '/anonymous', image, 'true');
  const { exitCode, stdout } = await fsck();
  assert.deepEqual([exitCode, stdout], [0, 'everything fits\n']);
});

test('it names what is gone, and repairs nothing of it by itself', async () => {
  const id = await daemon.ok('inspect', '-f', '{{.Id}}', 'idle');
  const directory = inDataRoot('containers', id);
  renameSync(directory, `${directory}.away`);
  const blobs = inDataRoot('content/blobs/sha256');
  const [blob = ''] = readdirSync(blobs);
  renameSync(path.join(blobs, blob), inDataRoot('away'));
  renameSync(inDataRoot('volumes/kept'), inDataRoot('kept.away'));
  const { exitCode, stdout } = await fsck();
  renameSync(`${directory}.away`, directory);
  renameSync(inDataRoot('away'), path.join(blobs, blob));
  renameSync(inDataRoot('kept.away'), inDataRoot('volumes/kept'));
  assert.equal(exitCode, 1);
  assert.match(stdout, new RegExp(`^container ${id}: its directory is gone$`, 'm'));
  assert.match(stdout, new RegExp(`^image sha256:.*${blob}.*`, 'm'));
  assert.match(stdout, /^volume kept: its directory is gone$/m);
  assert.equal((await fsck()).stdout, 'everything fits\n');
});

test('what is left of nothing is found, and goes with --repair', async () => {
  const content = Buffer.from('left behind');
  const digest = createHash('sha256').update(content).digest('hex');
  writeFileSync(inDataRoot('content/blobs/sha256', digest), content);
  const found = await fsck();
  assert.equal(found.exitCode, 1);
  assert.equal(found.stdout, `image sha256:${digest}: a blob that no image has\n`);
  const repaired = await fsck('--repair');
  assert.equal(repaired.exitCode, 0);
  assert.match(repaired.stdout, /a blob that no image has \(repaired\)\neverything fits\n$/);
  assert.equal((await fsck()).stdout, 'everything fits\n');
  assert.equal(await daemon.ok('run', '--rm', image, 'echo', 'works'), 'works');
});

test('mounts, cgroups and namespaces of no container are found, and go with --repair', async () => {
  const gone = 'e'.repeat(64);
  const mounted = inDataRoot('snapshots/writable', gone);
  mkdirSync(mounted);
  mount({ source: 'nothing', target: mounted, type: 'tmpfs' });
  const cgroups = readdirSync('/sys/fs/cgroup')
    .map((name) => path.join('/sys/fs/cgroup', name, path.basename(daemon.root)))
    .concat(path.join('/sys/fs/cgroup', path.basename(daemon.root)))
    .filter((parent) => existsSync(parent))
    .map((parent) => path.join(parent, gone));
  for (const cgroup of cgroups) mkdirSync(cgroup);
  const pinned = path.join(daemon.execRoot, 'netns', gone);
  writeFileSync(pinned, '');
  const found = await fsck();
  assert.equal(found.exitCode, 1);
  assert.match(found.stdout, new RegExp(`^mount ${mounted}: of no container$`, 'm'));
  assert.match(found.stdout, new RegExp(`^network ${gone}: a pinned namespace of no container$`, 'm'));
  for (const cgroup of cgroups)
    assert.match(found.stdout, new RegExp(`^cgroup ${cgroup}: of no container$`, 'm'));
  rmSync(pinned);
  assert.equal((await fsck('--repair')).exitCode, 0);
  rmdirSync(mounted);
  assert.equal((await fsck()).stdout, 'everything fits\n');
});

/** For an engine that does not run: gantryd looks by itself. */
async function offline(): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return await daemon.gantry(['system', 'fsck', '--offline'], {
    env: {
      GANTRY_DATA_ROOT: daemon.dataRoot,
      GANTRY_EXEC_ROOT: daemon.execRoot,
      GANTRY_CGROUP_PARENT: `/${path.basename(daemon.root)}`,
    },
  });
}

test('--offline looks without an engine, changes nothing, and leaves the one that runs alone', async () => {
  const refused = await offline();
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /is in use|another engine|has it open/);
  await daemon.end('SIGKILL');
  const before = readFileSync(inDataRoot('metadata.db'));
  const log = readFileSync(inDataRoot('metadata.db-wal'));
  const sound = await offline();
  assert.deepEqual([sound.exitCode, sound.stdout], [0, 'everything fits\n']);
  const stray = createHash('sha256').update('stray').digest('hex');
  writeFileSync(inDataRoot('content/blobs/sha256', stray), 'stray');
  mkdirSync(inDataRoot('snapshots/writable', 'd'.repeat(64)));
  renameSync(inDataRoot('volumes/kept'), inDataRoot('kept.away'));
  const { exitCode, stdout } = await offline();
  renameSync(inDataRoot('kept.away'), inDataRoot('volumes/kept'));
  rmSync(inDataRoot('content/blobs/sha256', stray));
  assert.equal(exitCode, 1);
  assert.deepEqual(stdout.trimEnd().split('\n').sort(), [
    `container ${'d'.repeat(64)}: a file system of no container`,
    `image sha256:${stray}: a blob that no image has`,
    'volume kept: its directory is gone',
  ]);
  assert.deepEqual(readFileSync(inDataRoot('metadata.db')), before);
  assert.deepEqual(readFileSync(inDataRoot('metadata.db-wal')), log);
  await daemon.restart();
});

test('--offline tells a damaged store and leaves it as it is', async () => {
  await daemon.end('SIGTERM');
  const file = inDataRoot('metadata.db');
  // What is still in the log would stand for the pages that are damaged.
  const files = [file, inDataRoot('metadata.db-wal')].filter((name) => existsSync(name));
  const sound = files.map((name) => readFileSync(name));
  const damaged = sound.map((bytes) => Buffer.from(bytes).fill(0xff, 4096));
  for (const [at, name] of files.entries()) writeFileSync(name, damaged[at] ?? '');
  const { exitCode, stdout } = await offline();
  assert.equal(exitCode, 1);
  assert.match(stdout, new RegExp(`^store ${file}: .*documents can be saved\\n$`));
  assert.deepEqual(
    files.map((name) => readFileSync(name)),
    damaged,
  );
  for (const [at, name] of files.entries()) writeFileSync(name, sound[at] ?? '');
  await daemon.restart();
  assert.equal((await fsck()).stdout, 'everything fits\n');
});

test('after a kill and a restart everything fits again, whatever was left lying about', async () => {
  await daemon.end('SIGKILL');
  mkdirSync(inDataRoot('containers', 'f'.repeat(64)));
  writeFileSync(inDataRoot('content/ingest', 'half'), 'half a blob');
  await daemon.restart();
  assert.equal((await fsck()).stdout, 'everything fits\n');
  assert.deepEqual(readdirSync(inDataRoot('content/ingest')), []);
  await daemon.ok('rm', '-f', '-v', 'busy', 'idle');
  await daemon.ok('volume', 'rm', 'kept');
  rmSync(inDataRoot('containers', 'f'.repeat(64)), { recursive: true, force: true });
});
