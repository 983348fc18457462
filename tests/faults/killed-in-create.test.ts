import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { removeContainer } from '@gantry/client';
import { killAtEveryPoint } from '../support/fault-walk.ts';
import { WalkedContainers } from '../support/walked-containers.ts';

let walked: WalkedContainers;
before(async () => {
  walked = await WalkedContainers.start();
});
after(() => walked[Symbol.asyncDispose]());

test('an engine killed at any step of create has the container whole or not at all', () =>
  killAtEveryPoint(walked.daemon, {
    covers: ['create', 'snapshot-create', 'volume-create'],
    prepare: async () => walked.nextName(),
    operate: async (name) => {
      await walked.create(name);
    },
    verify: async (name, acknowledged) => {
      const status = await walked.statusOf(name);
      if (acknowledged) assert.equal(status, 'created');
      if (status !== 'none') await walked.assertUsable(name);
      else await removeContainer(walked.daemon.api, await walked.create(name), { volumes: true });
    },
  }));
