import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { commitContainer, inspectContainer, listImages } from '@gantry/client';
import { loadBusybox } from '../support/busybox-image.ts';
import { killAtEveryPoint, startFaultyDaemon } from '../support/fault-walk.ts';
import type { TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
let daemon: TestDaemon;

before(async () => {
  daemon = await startFaultyDaemon();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

function storedFiles(): number {
  const count = (name: string): number => readdirSync(path.join(daemon.dataRoot, name)).length;
  return count('content/blobs/sha256') + count('snapshots/layers');
}

test('an engine killed at any step of a commit leaves the image whole or no trace, and the container running', async () => {
  const script = 'echo changed > /changed; exec sleep 1000';
  const id = await daemon.ok('run', '-d', '--network', 'none', image, 'sh', '-c', script);
  await daemon.ok('exec', id, 'sh', '-c', 'until [ -s /changed ]; do usleep 10000; done');
  const filesBefore = storedFiles();
  await killAtEveryPoint(daemon, {
    covers: ['commit'],
    prepare: () => Promise.resolve('killed/commit'),
    operate: async (repository) => {
      await commitContainer(daemon.api, id, { repository, tag: 'one' });
    },
    verify: async (repository, acknowledged) => {
      assert.equal((await inspectContainer(daemon.api, id)).State?.Status, 'running');
      assert.equal(await daemon.ok('exec', id, 'cat', '/changed'), 'changed');
      const names = (await listImages(daemon.api)).flatMap(({ RepoTags: tags }) => tags);
      const isThere = names.includes(`${repository}:one`);
      if (acknowledged) assert.ok(isThere);
      if (isThere) {
        const made = `${repository}:one`;
        assert.equal(await daemon.ok('run', '--rm', '--network', 'none', made, 'cat', '/changed'), 'changed');
        await daemon.ok('rmi', made);
      }
      assert.equal(storedFiles(), filesBefore);
    },
  });
  await daemon.ok('rm', '-f', id);
});
