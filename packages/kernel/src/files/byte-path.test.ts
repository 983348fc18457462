import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cPath, InvalidPathError, keyBytes, pathKey } from './byte-path.ts';
import { encodeTimes } from './timestamps.ts';

test('a C path ends in one NUL and keeps bytes that are not UTF-8', () => {
  assert.deepEqual([...cPath(Uint8Array.of(0xff, 0x2f, 0xfe))], [0xff, 0x2f, 0xfe, 0]);
  assert.deepEqual([...cPath('é')], [0xc3, 0xa9, 0]);
});

test('a path with a NUL byte is refused', () => {
  assert.throws(() => cPath('a\0b'), InvalidPathError);
  assert.throws(() => cPath(Uint8Array.of(1, 0)), InvalidPathError);
});

test('a path key holds every byte', () => {
  const bytes = Uint8Array.from({ length: 255 }, (_, index) => index + 1);
  assert.deepEqual([...keyBytes(pathKey(bytes))], [...bytes]);
  assert.deepEqual(keyBytes(pathKey('né')), Buffer.from('né'));
});

test('a time before the epoch has a negative second and a positive rest', () => {
  const words = new BigInt64Array(encodeTimes(-1n, 1_500_000_000n).buffer);
  assert.deepEqual([...words], [-1n, 999_999_999n, 1n, 500_000_000n]);
});
