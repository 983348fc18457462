import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readIgnoreFile } from './ignore-file.ts';
import { PathPattern } from './path-pattern.ts';
import { PathPatterns } from './path-patterns.ts';

const matched = (pattern: string, path: string): boolean => new PathPattern(pattern).matches(path);

test('matches as Go does, with ** for directories', () => {
  const cases: [string, string, boolean][] = [
    ['a', 'a', true],
    ['a', 'a/b', false],
    ['*', 'a', true],
    ['*', 'a/b', false],
    ['*.md', 'x.md', true],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['[a-c]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['[^a-c]x', 'dx', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['**', 'a/b/c', true],
    ['**/x', 'x', true],
    ['**/x', 'a/b/x', true],
    ['**/x', 'ax', false],
    ['a/**', 'a/b/c', true],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/c/z', true],
    ['a/**/z', 'a/bz', false],
    ['**/*.ts', 'src/deep/x.ts', true],
    ['a.c', 'abc', false],
    ['(a|b)+', 'a', false],
    ['ä?', 'äö', true],
  ];
  for (const [pattern, path, expected] of cases) {
    assert.equal(matched(pattern, path), expected, `${pattern} on ${path}`);
  }
  for (const pattern of ['[', '[a', '[]a]', '[-x]', 'a\\'])
    assert.throws(() => new PathPattern(pattern), pattern);
});

test('the last pattern that matches decides, and a directory decides for what is in it', () => {
  const patterns = new PathPatterns(['*', '!src', 'src/*.test', '!/src/keep.test/']);
  assert.equal(patterns.matches('README'), true);
  assert.equal(patterns.matches('src'), false);
  assert.equal(patterns.matches('src/a'), false);
  assert.equal(patterns.matches('src/a.test'), true);
  assert.equal(patterns.matches('src/a.test/deep/file'), true);
  assert.equal(patterns.matches('src/keep.test'), false);
  assert.equal(patterns.hasNegations, true);
});

test('says which directories need no walk', () => {
  const patterns = new PathPatterns(['node_modules', 'docs', 'logs', '!docs/*.md', '!**/keep.log']);
  assert.equal(patterns.coversAllBelow('docs'), false);
  assert.equal(patterns.coversAllBelow('node_modules'), false);
  assert.equal(patterns.coversAllBelow('src'), false);
  assert.equal(new PathPatterns(['a', '!b/c']).coversAllBelow('a'), true);
  assert.equal(new PathPatterns(['a', '!a/c']).coversAllBelow('a'), false);
});

test('reads the file: comments, blanks, paths cleaned, negations', () => {
  const text = '\ufeff# comment\n  a/ \n\n/b/../c\n ! d/./e\n#x\n\\#y\n./z\r\n/\n';
  assert.deepEqual(readIgnoreFile(Buffer.from(text)), ['a', 'c', '!d/e', '\\#y', 'z', '/']);
});

test('refuses a lone exclamation mark and a broken pattern', () => {
  assert.throws(() => new PathPatterns(['!']), /illegal exclusion pattern: "!"/);
  assert.throws(() => new PathPatterns(['a[']), /syntax error in pattern/);
});

test('is not slowed down by patterns made to go back', () => {
  const path = `${'a'.repeat(200)}/`.repeat(20);
  assert.equal(matched('**/*a*a*a*a*a*a*a*b/**/*a*a*a*a*b', path), false);
});
