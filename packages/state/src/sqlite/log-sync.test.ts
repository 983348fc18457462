import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryRoot } from '@gantry/testkit';
import { LogSync } from './log-sync.ts';

test('commits that come together are synced together, and each waits for a sync that began after it', async () => {
  await using root = await temporaryRoot('log-sync');
  const database = path.join(root.path, 'store.db');
  writeFileSync(`${database}-wal`, 'commits');
  await using log = new LogSync(database);
  log.fallBehind();
  const first = log.catchUp();
  assert.equal(log.catchUp(), first);
  await first;
  log.fallBehind();
  const second = log.catchUp();
  await Promise.resolve();
  await Promise.resolve();
  log.fallBehind();
  const third = log.catchUp();
  assert.notEqual(third, second);
  const order: string[] = [];
  await Promise.all([second.then(() => order.push('second')), third.then(() => order.push('third'))]);
  assert.deepEqual(order, ['second', 'third']);
  await log.catchUp();
});

test('once a sync has failed nothing is ever said to be on the disk', async () => {
  await using root = await temporaryRoot('log-sync');
  const database = path.join(root.path, 'store.db');
  await using log = new LogSync(database);
  log.fallBehind();
  await assert.rejects(log.catchUp(), { code: 'ENOENT' });
  writeFileSync(`${database}-wal`, 'commits');
  log.fallBehind();
  await assert.rejects(log.catchUp(), { code: 'ENOENT' });
  await assert.rejects(log.catchUp(), { code: 'ENOENT' });
});
