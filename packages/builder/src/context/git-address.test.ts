import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGitAddress } from './git-address.ts';

test('reads the forms that an address of a repository has', () => {
  const plain = { ref: '', directory: '', checksum: '' };
  const cases: [string, object][] = [
    ['https://example.com/a.git', { ...plain, remote: 'https://example.com/a.git' }],
    ['github.com/a/b', { ...plain, remote: 'https://github.com/a/b' }],
    [
      'git@example.com:a/b.git#v1:sub',
      { ...plain, remote: 'git@example.com:a/b.git', ref: 'v1', directory: 'sub' },
    ],
    ['git://example.com/a#:sub', { ...plain, remote: 'git://example.com/a', directory: 'sub' }],
    [
      'https://example.com/a.git?branch=x&subdir=y&keep-git-dir=1',
      {
        ...plain,
        remote: 'https://example.com/a.git',
        ref: 'refs/heads/x',
        directory: 'y',
        keepGitDir: true,
      },
    ],
    [
      'https://example.com/a.git#refs/pull/7/merge',
      { ...plain, remote: 'https://example.com/a.git', ref: 'refs/pull/7/merge' },
    ],
  ];
  for (const [text, expected] of cases) assert.deepEqual(readGitAddress(text), expected, text);
  for (const text of ['https://example.com/a.tar', 'a.git', './x', 'file:///a.git', 'ext::sh -c x'])
    assert.equal(readGitAddress(text), undefined, text);
});

test('refuses what git would take for an option, and queries that say nothing', () => {
  for (const text of ['https://example.com/a.git#-x', 'https://example.com/a.git?tag=a b'])
    assert.throws(() => readGitAddress(text), /invalid address/, text);
  assert.throws(() => readGitAddress('https://example.com/a.git?what=x'), /unexpected query "what"/);
});
