import assert from 'node:assert/strict';
import { test } from 'node:test';
import { globMatcher } from './glob.ts';

test("patterns match as Go's path.Match does", () => {
  for (const [pattern, text, expected] of [
    ['*', 'debian', true],
    ['*', 'a/b', false],
    ['*/*', 'a/b', true],
    ['deb*:1?', 'debian:12', true],
    ['[a-c]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['a.c', 'abc', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['', '', true],
  ] as const) {
    assert.equal(globMatcher(pattern)?.(text), expected, `${pattern} ${text}`);
  }
  for (const pattern of ['[a', '[', 'a\\', '[z-a]']) assert.equal(globMatcher(pattern), undefined, pattern);
});
