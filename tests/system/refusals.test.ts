import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { TestDaemon } from '../support/test-daemon.ts';

/** What is Gantry's own, so that no dockerd can prove it. */
const image = 'mirror/busybox';
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

test('a privileged container may mount', async () => {
  assert.equal(
    await daemon.ok(
      'run',
      '--rm',
      '--privileged',
      image,
      'sh',
      '-c',
      'mount -t tmpfs x /tmp && echo mounted',
    ),
    'mounted',
  );
});

test('a mode of users that there is not is refused by name', async () => {
  const finished = await daemon.docker(['run', '--rm', '--userns', 'remap', image, 'true']);
  assert.equal(finished.exitCode, 125);
  assert.match(finished.stderr, /UsernsMode|userns/);
});

test('a pull of a name that no registry is built for is refused by name', async () => {
  const finished = await daemon.docker(['pull', 'library/nginx:1']);
  assert.notEqual(finished.exitCode, 0);
  assert.match(finished.stderr, /nginx/);
});
