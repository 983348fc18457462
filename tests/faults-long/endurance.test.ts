import { after, before, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { execInARow, runInParallel } from '../support/endurance.ts';
import { TestDaemon } from '../support/test-daemon.ts';

let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start(['--log-level', 'warn']);
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

test('a thousand execs in a row leave nothing in the engine', { timeout: 300_000 }, () =>
  execInARow(daemon, 1000),
);

test('two hundred runs with --rm, eight at once, leave nothing in the engine', { timeout: 300_000 }, () =>
  runInParallel(daemon, 200),
);
