import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryRoot } from '@gantry/testkit';
import { programOutput, runProgram } from './run-program.ts';
import { makeWorkDirectory, removeStaleWorkDirectories } from './work-directory.ts';

const options = { packageName: 'some-package', purpose: 'mirror/x' };

test('a program is run with its variables, and what it says is kept', async () => {
  const lines: string[] = [];
  const result = await runProgram(['sh', '-c', 'echo $A; echo one >&2; printf two >&2; exit 3'], {
    ...options,
    variables: { A: 'b c' },
    onErrorLine: (line) => lines.push(line),
  });
  assert.deepEqual(result, { exitCode: 3, stdout: 'b c\n', stderr: 'one\ntwo\n' });
  assert.deepEqual(lines, ['one', 'two']);
});

test('a program that is not installed is told with its package', async () => {
  await assert.rejects(runProgram(['no-such-program'], options), {
    kind: 'unavailable',
    message: /no-such-program is not installed: mirror\/x needs it \(Debian package some-package\)/,
  });
});

test('output that ends with a failure throws after the last byte', async () => {
  const chunks: string[] = [];
  const reading = async (): Promise<void> => {
    const output = programOutput(['sh', '-c', 'echo out; echo why >&2; exit 4'], options, (result) => {
      return new Error(`${result.exitCode}: ${result.stderr}`);
    });
    for await (const chunk of output) chunks.push(Buffer.from(chunk).toString());
  };
  await assert.rejects(reading(), /4: why/);
  assert.deepEqual(chunks, ['out\n']);
});

test('leaving output early, or aborting, kills the program', async () => {
  for await (const chunk of programOutput(['yes'], options, () => new Error('ended'))) {
    assert.ok(chunk.length > 0);
    break;
  }
  const abort = new AbortController();
  const reading = async (): Promise<void> => {
    const output = programOutput(['yes'], { ...options, signal: abort.signal }, () => new Error('ended'));
    for await (const chunk of output) {
      assert.ok(chunk.length > 0);
      abort.abort();
    }
  };
  await assert.rejects(reading(), { name: 'AbortError' });
});

test('work directories of engines that are gone are removed, those of living ones stay', async () => {
  await using root = await temporaryRoot();
  {
    await using work = await makeWorkDirectory(root.path);
    mkdirSync(path.join(root.path, 'gantry-mirror-999999999-123-abcdef'));
    mkdirSync(path.join(root.path, `gantry-mirror-${process.pid}-1-abcdef`));
    mkdirSync(path.join(root.path, 'other'));
    assert.equal((await removeStaleWorkDirectories(root.path)).length, 2);
    assert.deepEqual(readdirSync(root.path).sort(), [path.basename(work.path), 'other'].sort());
  }
  assert.deepEqual(readdirSync(root.path), ['other']);
});
