import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryRoot } from '@gantry/testkit';
import { isErrno } from '../ffi/errno.ts';
import { Directory } from './directory.ts';
import { removeTree, removeTreeSync } from './remove-tree.ts';
import { treeUsage } from './tree-usage.ts';

test('a tree of any depth goes, with few descriptors', async () => {
  await using root = await temporaryRoot('remove');
  const script =
    'mkdir t; cd t; i=0; while [ $i -lt 1500 ]; do mkdir d; cd d; i=$((i+1)); done; echo x >file';
  for (const remove of [removeTree, removeTreeSync]) {
    execFileSync('sh', ['-euc', script], { cwd: root.path });
    using directory = Directory.openPath(root.path);
    await remove(directory, 't');
    assert.deepEqual(readdirSync(root.path), []);
    await remove(directory, 't');
  }
});

test('links are removed, not what they lead to; large files and devices too', async () => {
  await using root = await temporaryRoot('remove');
  mkdirSync(path.join(root.path, 'keep'));
  writeFileSync(path.join(root.path, 'keep/file'), 'x');
  execFileSync(
    'sh',
    ['-euc', 'mkdir t; ln -s ../keep t/dir; ln -s keep sym; mknod t/c c 0 0; head -c 70M /dev/zero >t/large'],
    {
      cwd: root.path,
    },
  );
  using directory = Directory.openPath(root.path);
  await removeTree(directory, 't');
  await removeTree(directory, 'sym');
  assert.deepEqual(readdirSync(root.path), ['keep']);
  assert.ok(existsSync(path.join(root.path, 'keep/file')));
});

test('a mount point stays, and is told', async () => {
  await using root = await temporaryRoot('remove');
  mkdirSync(path.join(root.path, 't/m'), { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', 'none', path.join(root.path, 't/m')]);
  try {
    using directory = Directory.openPath(root.path);
    await assert.rejects(removeTree(directory, 't'), (error) => isErrno(error, 'EBUSY'));
  } finally {
    execFileSync('umount', [path.join(root.path, 't/m')]);
  }
});

test('usage counts names, and a file of several names once', async () => {
  await using root = await temporaryRoot('usage');
  mkdirSync(path.join(root.path, 'a/b'), { recursive: true });
  writeFileSync(path.join(root.path, 'a/file'), '12345');
  execFileSync(
    'sh',
    ['-euc', 'ln a/file a/b/hard; ln -s file a/soft; mkdir m; mount -t tmpfs none m; echo x >m/x'],
    {
      cwd: root.path,
    },
  );
  try {
    using directory = Directory.openPath(root.path);
    assert.deepEqual(await treeUsage(directory), { sizeBytes: 5, entries: 5 });
  } finally {
    execFileSync('umount', [path.join(root.path, 'm')]);
  }
});
