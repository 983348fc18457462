import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryRoot } from '../temporary-root.ts';
import { LeakCheck, LeakError } from './leak-check.ts';

test('nothing new is no leak', async () => {
  await using root = await temporaryRoot();
  const leaks = await LeakCheck.begin({ tag: root.path, directories: [root.path] });
  await leaks.check();
});

test('a file that was left is named', async () => {
  await using root = await temporaryRoot();
  const leaks = await LeakCheck.begin({ tag: root.path, directories: [root.path], graceMs: 0 });
  await writeFile(path.join(root.path, 'left'), '');
  await assert.rejects(leaks.check(), new LeakError([`file: ${root.path}/left`]));
});

test('an open descriptor is named with what it opens', async () => {
  await using root = await temporaryRoot();
  const leaks = await LeakCheck.begin({ tag: root.path, graceMs: 0 });
  const handle = await open(root.path);
  await assert.rejects(leaks.check(), (error: LeakError) => {
    assert.deepEqual(error.leaks, [`descriptor: ${handle.fd} → ${root.path}`]);
    return true;
  });
  await handle.close();
  await leaks.check();
});

test('a process with the tag in its environment is named, and is waited for when it ends', async () => {
  await using root = await temporaryRoot();
  const leaks = await LeakCheck.begin({
    tag: `TEST_ROOT=${root.path}`,
    graceMs: 0,
    allow: (kind) => kind === 'descriptor',
  });
  const child = spawn('cat', [], { env: { TEST_ROOT: root.path }, stdio: ['pipe', 'ignore', 'ignore'] });
  await once(child, 'spawn');
  await assert.rejects(leaks.check(), new RegExp(`process: ${child.pid} cat`));
  child.stdin.end();
  await once(child, 'close');
  await leaks.check();
});

test('what is allowed to stay does not count', async () => {
  await using root = await temporaryRoot();
  const leaks = await LeakCheck.begin({
    tag: root.path,
    directories: [root.path],
    allow: (kind, line) => kind === 'file' && line.endsWith('.log'),
  });
  await writeFile(path.join(root.path, 'a.log'), '');
  await leaks.check();
});
