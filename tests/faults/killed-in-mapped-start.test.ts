import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startContainer } from '@gantry/client';
import { killAtEveryPoint } from '../support/fault-walk.ts';
import { WalkedContainers } from '../support/walked-containers.ts';

let walked: WalkedContainers;
before(async () => {
  walked = await WalkedContainers.start({ users: 'auto' });
});
after(() => walked[Symbol.asyncDispose]());

test('an engine killed in the start of a container with users of its own has it running, or as it was', () =>
  killAtEveryPoint(walked.daemon, {
    covers: ['mapped-start'],
    among: ['mapped-start', 'network-attach', 'volume-copy', 'start/process-started'],
    prepare: () => walked.create(),
    operate: (id) => startContainer(walked.daemon.api, id),
    verify: async (id, acknowledged) => {
      assert.ok((acknowledged ? ['running'] : ['running', 'created']).includes(await walked.statusOf(id)));
      await walked.assertUsable(id);
    },
  }));
