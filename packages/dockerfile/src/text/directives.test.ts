import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectSyntax } from './directives.ts';

test('finds the frontend in every form, by its first word', () => {
  assert.equal(detectSyntax('# syntax=docker/dockerfile:1 --flag\nFROM a'), 'docker/dockerfile:1');
  assert.equal(detectSyntax('#!/usr/bin/env x\n#syntax = a/b\n'), 'a/b');
  assert.equal(detectSyntax('// escape=`\n// syntax=a/b\npackage x'), 'a/b');
  assert.equal(detectSyntax('{"syntax": "a/b"}'), 'a/b');
  for (const text of ['', 'FROM a\n# syntax=x', '# comment\n# syntax=x', '{"syntax": 1}', '{', '#!x'])
    assert.equal(detectSyntax(text), undefined, text);
});
