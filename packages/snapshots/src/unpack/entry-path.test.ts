import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathKey } from '@gantry/kernel';
import { assert as assertProperty, property, uint8Array } from 'fast-check';
import { entryMeaning, entryPath } from './entry-path.ts';

test('names are read as Docker reads them', () => {
  const cases: [string, string[] | undefined][] = [
    ['a/b', ['a', 'b']],
    ['./a//b/', ['a', 'b']],
    ['/etc/passwd', ['etc', 'passwd']],
    ['a/../b', ['b']],
    ['./', []],
    ['/', []],
    ['a/..', []],
    ['..', undefined],
    ['../a', undefined],
    ['/../a', undefined],
    ['a/../../b', undefined],
    ['...', ['...']],
    ['a/..b/c..', ['a', '..b', 'c..']],
  ];
  for (const [name, expected] of cases) assert.deepEqual(entryPath(Buffer.from(name)), expected, name);
});

test('no name leads anywhere but down, and no byte is lost', () => {
  assertProperty(
    property(uint8Array({ min: 1, maxLength: 60 }), (bytes) => {
      const path = entryPath(bytes);
      for (const component of path ?? []) {
        assert.ok(!['', '.', '..'].includes(component) && !component.includes('/'));
        assert.ok(pathKey(bytes).includes(component));
      }
    }),
  );
});

test('whiteouts, opaque marks and the metadata of aufs are told by name', () => {
  const meaning = (name: string) => entryMeaning(entryPath(Buffer.from(name)) ?? []);
  assert.deepEqual(meaning('a/.wh.b'), { kind: 'whiteout', name: 'b' });
  assert.deepEqual(meaning('.wh...'), { kind: 'whiteout', name: '..' });
  assert.deepEqual(meaning('.wh.'), { kind: 'whiteout', name: '' });
  assert.deepEqual(meaning('a/.wh..wh..opq'), { kind: 'opaque' });
  assert.deepEqual(meaning('.wh..wh.aufs'), { kind: 'ignored' });
  assert.deepEqual(meaning('.wh..wh.plnk/1.2'), { kind: 'ignored' });
  assert.deepEqual(meaning('a.wh.b'), { kind: 'plain' });
  assert.deepEqual(meaning('./'), { kind: 'plain' });
});
