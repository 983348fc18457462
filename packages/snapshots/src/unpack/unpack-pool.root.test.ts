import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type Clock, systemClock } from '@gantry/base';
import { temporaryRoot } from '@gantry/testkit';
import { layerFile } from '../../testing/index.ts';
import { UnpackPool } from './unpack-pool.ts';

/** Sleeps end when the test says so. */
function manualClock(): { clock: Clock; wake: () => void } {
  const sleepers: (() => void)[] = [];
  const sleep = (): Promise<void> => new Promise((resolve) => sleepers.push(resolve));
  return { clock: { ...systemClock, sleep }, wake: () => sleepers.splice(0).forEach((resolve) => resolve()) };
}

test('threads start with the work, no more than allowed, and end when they have none', async () => {
  await using folder = await temporaryRoot('pool');
  const { clock, wake } = manualClock();
  await using pool = new UnpackPool({ size: 2, clock });
  assert.equal(pool.threads, 0);
  const jobs = Array.from({ length: 5 }, (_, index) => {
    const { diffId, blobPath, compression } = layerFile(folder.path, [{ name: `file-${index}` }]);
    const directory = path.join(folder.path, `out-${index}`);
    mkdirSync(directory);
    return { diffId, blobPath, compression, directory, maxBytes: 1e6, maxEntries: 10 };
  });
  const results = jobs.map((job) => pool.run(job));
  assert.equal(pool.threads, 2);
  for (const result of results) assert.equal((await result).entries, 1);
  assert.equal(pool.threads, 2);
  wake();
  while (pool.threads > 0) await pool.threadEnded();
  assert.equal(pool.threads, 0);
});

test('a pool that is closed rejects what waits', async () => {
  await using folder = await temporaryRoot('pool');
  const pool = new UnpackPool({ size: 1, clock: systemClock });
  const layer = layerFile(folder.path, [{ name: 'file', content: Buffer.alloc(50_000_000) }]);
  const jobs = ['a', 'b'].map((name) => {
    const directory = path.join(folder.path, name);
    mkdirSync(directory);
    const { diffId, blobPath, compression } = layer;
    return pool.run({ diffId, blobPath, compression, directory, maxBytes: 1e9, maxEntries: 10 });
  });
  const rejected = jobs.map((job) => assert.rejects(job));
  await pool[Symbol.asyncDispose]();
  await Promise.all(rejected);
});
