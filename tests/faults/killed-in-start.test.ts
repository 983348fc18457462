import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startContainer } from '@gantry/client';
import { killAtEveryPoint } from '../support/fault-walk.ts';
import { WalkedContainers } from '../support/walked-containers.ts';

let walked: WalkedContainers;
before(async () => {
  walked = await WalkedContainers.start();
});
after(() => walked[Symbol.asyncDispose]());

test('an engine killed at any step of start has the container running, or as it was', () =>
  killAtEveryPoint(walked.daemon, {
    covers: ['start', 'network-attach', 'volume-copy'],
    prepare: () => walked.create(),
    operate: (id) => startContainer(walked.daemon.api, id),
    verify: async (id, acknowledged) => {
      const status = await walked.statusOf(id);
      assert.ok((acknowledged ? ['running'] : ['running', 'created']).includes(status));
      assert.deepEqual(await walked.told(id, 'start', 'die'), status === 'running' ? ['start'] : []);
      await walked.assertUsable(id);
    },
  }));
