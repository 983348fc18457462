import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { makeTestImage, temporaryRoot } from '@gantry/testkit';
import { openRealImageStore } from '../testing/index.ts';

const program = path.resolve(import.meta.dirname, '../testing/load-until-killed.ts');

/** Runs the program, and kills it with -9 once it has said `steps` words. Returns the words; all of them when it was faster. */
async function killAfter(steps: number, root: string, archive: string): Promise<string[]> {
  const child = spawn(process.execPath, [program, root, archive], { stdio: ['pipe', 'pipe', 'inherit'] });
  const words: string[] = [];
  createInterface(child.stdout).on('line', (word) => {
    words.push(word);
    if (words.length === steps) child.kill('SIGKILL');
    else if (word === 'loaded') child.stdin.write('\n');
  });
  await once(child, 'close');
  return words;
}

test('an engine killed at any step of a load or a removal leaves the image whole or no trace of it', async () => {
  await using root = await temporaryRoot('killed');
  const archive = path.join(root.path, 'archive.tar');
  const layers = Array.from({ length: 3 }, (_, at) =>
    Array.from({ length: 50 }, (_, file) => ({ name: `${at}-${file}`, content: 'x'.repeat(10_000) })),
  );
  const images = [{ names: ['docker.io/library/x:1'], layers }];
  writeFileSync(archive, makeTestImage({ format: 'both', images, layerCompression: 'gzip' }).archive);
  const outcomes = new Set<string>();
  for (let steps = 1; ; steps += 1) {
    const store = path.join(root.path, `store-${steps}`);
    mkdirSync(store);
    const words = await killAfter(steps, store, archive);
    await using reopened = await openRealImageStore(store);
    const report = await reopened.store.repair();
    assert.deepEqual(report.damaged, []);
    assert.deepEqual(report.droppedNames, []);
    const listed = await reopened.store.list({ all: false, filters: new Map() });
    outcomes.add(`${listed.length}`);
    if (words.at(-1) === 'loaded') assert.equal(listed.length, 1, 'an image that was reported is there');
    const blobs = readdirSync(path.join(store, 'content/blobs/sha256'));
    const unpacked = await reopened.snapshots.layers();
    if (listed.length === 1) {
      assert.equal((await reopened.store.resolve('x:1')).layers.length, 3);
      assert.equal(blobs.length, 5);
    } else {
      assert.deepEqual(blobs, []);
      assert.deepEqual(unpacked, []);
    }
    if (words.at(-1) === 'removed') break;
  }
  assert.deepEqual(outcomes, new Set(['0', '1']));
});
