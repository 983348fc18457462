import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepLittleFreeMemory, releaseFreeMemory } from './release-memory.ts';

const mebibyte = 1 << 20;

test('large buffers that are freed are no more in memory', () => {
  keepLittleFreeMemory();
  const before = process.memoryUsage.rss();
  const buffers = Array.from({ length: 200 }, () => Buffer.allocUnsafeSlow(mebibyte / 2).fill(1));
  assert.ok(process.memoryUsage.rss() - before > 80 * mebibyte);
  for (const { buffer } of buffers) buffer.transfer(0);
  assert.ok(process.memoryUsage.rss() - before < 20 * mebibyte);
  releaseFreeMemory();
});
