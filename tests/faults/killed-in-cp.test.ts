import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { createContainer, readContainerPath, writeContainerPath } from '@gantry/client';
import { tarArchive } from '@gantry/testkit';
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

const archive = tarArchive([
  { name: 'made/', type: 'directory' },
  { name: 'made/file', content: 'copied' },
]);

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

test('an engine killed at any step of a copy keeps what it acknowledged, and nothing stays mounted', () =>
  killAtEveryPoint(daemon, {
    covers: ['cp'],
    prepare: async () => {
      const request = { Image: image, Cmd: ['cat', '/tmp/made/file'], HostConfig: { NetworkMode: 'none' } };
      return (await createContainer(daemon.api, request)).Id;
    },
    operate: async (id) => {
      await writeContainerPath(daemon.api, id, oneChunk(archive), { path: '/tmp', copyUidGid: false });
      const { archive: back } = await readContainerPath(daemon.api, id, '/tmp/made');
      for await (const _ of back) continue;
    },
    verify: async (id, acknowledged) => {
      if (acknowledged) assert.equal(await daemon.ok('start', '-a', id), 'copied');
      else await daemon.gantry(['start', '-a', id]);
      await daemon.ok('rm', id);
      assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(id));
    },
  }));
