import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
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
