import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { stopContainer } from '@gantry/client';
import { killAtEveryPoint } from '../support/fault-walk.ts';
import { WalkedContainers } from '../support/walked-containers.ts';

let walked: WalkedContainers;
before(async () => {
  walked = await WalkedContainers.start();
});
after(() => walked[Symbol.asyncDispose]());

test('an engine killed at any step of stop has the container stopped, or stops it when asked again', () =>
  killAtEveryPoint(walked.daemon, {
    covers: ['stop', 'end', 'network-detach', 'runtime-remove'],
    prepare: () => walked.run(),
    operate: (id) => stopContainer(walked.daemon.api, id, { timeoutSeconds: 0 }),
    isSettled: (id) => !readFileSync('/proc/self/mountinfo', 'utf8').includes(id),
    verify: async (id, acknowledged) => {
      if (acknowledged) assert.equal(await walked.statusOf(id), 'exited');
      await stopContainer(walked.daemon.api, id, { timeoutSeconds: 0 });
      assert.equal(await walked.statusOf(id), 'exited');
      await walked.assertUsable(id);
    },
  }));
