import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapSpaceStatistics } from 'node:v8';
import { shrinkHeap } from './shrink-heap.ts';

function youngBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? 0;
}

test('the room that short-lived objects took is given back, and nobody else can collect', () => {
  const kept: object[] = [];
  for (let round = 0; round < 2_000_000; round += 1) kept[round % 50_000] = { round };
  const before = youngBytes();
  shrinkHeap();
  assert.ok(youngBytes() < before, `${youngBytes()} of ${before} bytes`);
  assert.equal('gc' in globalThis, false);
});
