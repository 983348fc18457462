import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createExec, inspectExec, startExecDetached } from '@gantry/client';
import { killAtEveryPoint } from '../support/fault-walk.ts';
import { until } from '../support/until.ts';
import { WalkedContainers } from '../support/walked-containers.ts';

let walked: WalkedContainers;
before(async () => {
  walked = await WalkedContainers.start();
});
after(() => walked[Symbol.asyncDispose]());

test('an engine killed at any step of exec knows the exec and its exit code, and the container runs on', () =>
  killAtEveryPoint(walked.daemon, {
    covers: ['exec'],
    prepare: async () => {
      const id = await walked.run();
      return { id, exec: await createExec(walked.daemon.api, id, { Cmd: ['true'] }) };
    },
    operate: ({ exec }) => startExecDetached(walked.daemon.api, exec),
    isSettled: async ({ exec }) => (await inspectExec(walked.daemon.api, exec)).Running === false,
    verify: async ({ id, exec }, acknowledged) => {
      const hasEnded = async (): Promise<boolean> =>
        (await inspectExec(walked.daemon.api, exec)).Running === false;
      await until('the exec has ended, or was never started', hasEnded);
      const { ExitCode: exitCode } = await inspectExec(walked.daemon.api, exec);
      if (acknowledged) assert.equal(exitCode, 0);
      assert.equal(await walked.statusOf(id), 'running');
      await walked.assertUsable(id);
    },
  }));
