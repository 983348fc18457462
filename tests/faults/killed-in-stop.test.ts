import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { stopContainer } from '@gantry/client';
import { killAtEveryPoint } from '../support/fault-walk.ts';
import { until } from '../support/until.ts';
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
      assert.deepEqual(await walked.told(id, 'start', 'die'), ['start', 'die']);
      await walked.assertUsable(id);
    },
  }));

test('an engine killed at any step of the end of a --rm container has it removed, and tells that once', () =>
  killAtEveryPoint(walked.daemon, {
    covers: ['stop', 'remove'],
    prepare: () => walked.runOnce(),
    operate: (id) => stopContainer(walked.daemon.api, id, { timeoutSeconds: 0 }),
    isSettled: async (id) => (await walked.told(id, 'destroy')).length > 0,
    verify: async (id, acknowledged) => {
      if (acknowledged) assert.notEqual(await walked.statusOf(id), 'running');
      await stopContainer(walked.daemon.api, id, { timeoutSeconds: 0 }).catch(() => {});
      await until('it is removed', async () => (await walked.statusOf(id)) === 'none');
      assert.deepEqual(await walked.told(id, 'start', 'die'), ['start', 'die']);
      assert.ok((await walked.told(id, 'destroy')).length <= 1);
    },
  }));
