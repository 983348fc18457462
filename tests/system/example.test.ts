import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryRoot } from '@gantry/testkit';
import { run } from '../support/processes.ts';
import { repositoryRoot } from '../support/test-daemon.ts';

test('the example runs a container inside its own program', async () => {
  await using root = await temporaryRoot('example');
  const program = path.join(repositoryRoot, 'examples/run.ts');
  const finished = await run(process.execPath, [program, root.path]);
  assert.equal(finished.exitCode, 0, finished.stderr);
  assert.equal(finished.stdout, '0 hello\n\n');
});
