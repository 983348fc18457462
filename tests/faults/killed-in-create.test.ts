import { after, before, test } from 'node:test';
import { killAtEveryPoint } from '../support/fault-walk.ts';
import { WalkedContainers } from '../support/walked-containers.ts';

let walked: WalkedContainers;
before(async () => {
  walked = await WalkedContainers.start();
});
after(() => walked[Symbol.asyncDispose]());

test('an engine killed at any step of create has the container whole or not at all', () =>
  killAtEveryPoint(walked.daemon, walked.creating()));
