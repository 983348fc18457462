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

test('two hundred execs in a row leave nothing in the engine', () => execInARow(daemon, 200));

test('a hundred execs whose input is empty end, and leave nothing in the engine', () =>
  execWithEmptyInput(daemon, 100));

test('five hundred clients that attach and detach leave nothing in the engine', () =>
  attachAndDetach(daemon, 500));

test('fifty runs with --rm, eight at once, leave nothing in the engine', () => runInParallel(daemon, 50));
