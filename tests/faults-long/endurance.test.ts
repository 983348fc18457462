import { after, before, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { attachAndDetach, execInARow, execWithEmptyInput, runInParallel } from '../support/endurance.ts';
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

test(
  'ten thousand execs whose input is empty end, and leave nothing in the engine',
  { timeout: 3_600_000 },
  () => execWithEmptyInput(daemon, 10_000),
);

test('ten thousand clients that attach and detach leave nothing in the engine', { timeout: 3_600_000 }, () =>
  attachAndDetach(daemon, 10_000),
);

test('two hundred runs with --rm, eight at once, leave nothing in the engine', { timeout: 300_000 }, () =>
  runInParallel(daemon, 200),
);
