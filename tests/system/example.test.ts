import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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

test('the example builds an image without a Dockerfile and runs it', async () => {
  await using root = await temporaryRoot('example');
  const program = path.join(repositoryRoot, 'examples/build.ts');
  const finished = await run(process.execPath, [program, root.path]);
  assert.equal(finished.exitCode, 0, finished.stderr);
  const lines = readFileSync(program, 'utf8').split('\n').length - 1;
  assert.equal(finished.stdout, `0 costs $5\nmade in a stage\n${lines}\n\n`);
});
