import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { removeContainer, stopContainer } from '@gantry/client';
import { killAtEveryPoint } from '../support/fault-walk.ts';
import { WalkedContainers } from '../support/walked-containers.ts';

let walked: WalkedContainers;
before(async () => {
  walked = await WalkedContainers.start();
});
after(() => walked[Symbol.asyncDispose]());

test('an engine killed at any step of rm has the container removed, or removes it when asked again', () =>
  killAtEveryPoint(walked.daemon, {
    covers: ['remove', 'snapshot-remove', 'volume-remove'],
    prepare: async () => {
      const id = await walked.run();
      await stopContainer(walked.daemon.api, id, { timeoutSeconds: 0 });
      return id;
    },
    operate: (id) => removeContainer(walked.daemon.api, id, { volumes: true }),
    verify: async (id, acknowledged) => {
      if (acknowledged) assert.equal(await walked.statusOf(id), 'none');
      if ((await walked.statusOf(id)) !== 'none') await walked.assertUsable(id);
      assert.ok((await walked.told(id, 'destroy')).length <= 1);
    },
  }));
