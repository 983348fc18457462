import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planCopy } from './copy-info.ts';
import { absolutePath, followedPath, linkTargetPath, rebase, splitPath } from './paths.ts';

test('a path keeps the end that asks for a directory, or for what is in it', () => {
  assert.equal(absolutePath('a/../b', '/here'), '/here/b');
  assert.equal(absolutePath('a/', '/here'), '/here/a/');
  assert.equal(absolutePath('a/.', '/here'), '/here/a/.');
  assert.equal(absolutePath('.', '/here'), '/here/.');
  assert.equal(absolutePath('/', '/here'), '/');
  assert.deepEqual(splitPath('/a/b/'), { directory: '/a', base: 'b' });
  assert.deepEqual(splitPath('/a/b/.'), { directory: '/a/b', base: '.' });
  assert.deepEqual(splitPath('/'), { directory: '/', base: '/' });
});

test('a followed link keeps the name that was asked for', () => {
  assert.equal(linkTargetPath('/a/link', 'to'), '/a/to');
  assert.equal(linkTargetPath('/a/link', '/to'), '/to');
  assert.deepEqual(followedPath('/a/link', '/to'), { path: '/to', rebaseName: 'link' });
  assert.deepEqual(followedPath('/a/link/', '/b/link'), { path: '/b/link/', rebaseName: undefined });
  assert.deepEqual(followedPath('/a/link/.', '/to'), { path: '/to/.', rebaseName: undefined });
});

test('names in an archive are changed in their first part only', () => {
  assert.equal(rebase('a', 'a', 'b'), 'b');
  assert.equal(rebase('a/a/c', 'a', 'b'), 'b/a/c');
  assert.equal(rebase('ab/c', 'a', 'b'), 'ab/c');
  assert.equal(rebase('./x', '.', 'b'), 'b/x');
  assert.equal(rebase('/bin', '/', 'b'), 'b/bin');
});

test('what is copied goes into a directory that is there, else under the name that was given', () => {
  const file = { path: '/s/file', exists: true, isDirectory: false };
  const directory = { path: '/s/dir', exists: true, isDirectory: true };
  const missing = { path: '/d/new', exists: false, isDirectory: false };
  assert.deepEqual(planCopy(file, directory), { directory: '/s/dir', name: undefined });
  assert.deepEqual(planCopy(directory, missing), { directory: '/d', name: 'new' });
  assert.deepEqual(planCopy(file, { ...file, path: '/d/old' }), { directory: '/d', name: 'old' });
  assert.throws(() => planCopy(directory, file), /cannot copy directory/);
  assert.throws(() => planCopy(file, { ...missing, path: '/d/new/' }), /no such directory/);
});
