import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@gantry/base/testing';
import { usualPolicies } from './cache-policies.ts';
import { type CacheBounds, cachePruning } from './cache-pruning.ts';

const context = { kept: new Set<string>(), freeBytes: () => 100, clock: new ManualClock() };

/** What may stay of a cache of 1000 bytes while 100 are free. */
function keepsOf(bounds: CacheBounds): number {
  const { keepBytes } = cachePruning(new Map(), bounds, context);
  return typeof keepBytes === 'function' ? keepBytes(1000) : keepBytes;
}

test('bounds say how much stays: a cap, less where space is missing, never below what is reserved', () => {
  assert.equal(keepsOf({}), 0);
  assert.equal(keepsOf({ reservedBytes: 300 }), 300);
  assert.equal(keepsOf({ maxUsedBytes: 700, reservedBytes: 300 }), 700);
  assert.equal(keepsOf({ maxUsedBytes: 700, minFreeBytes: 500 }), 600);
  assert.equal(keepsOf({ maxUsedBytes: 700, minFreeBytes: 500, reservedBytes: 650 }), 650);
  assert.equal(keepsOf({ minFreeBytes: 50 }), 1000);
  assert.equal(keepsOf({ minFreeBytes: 5000 }), 1);
});

test('filters find entries by what they are, and by what they are not', () => {
  const entry = {
    type: 'exec.cachemount',
    description: 'cached mount x',
    createdAt: '',
    usedAt: '',
    uses: 1,
    sizeBytes: 1,
    inUse: false,
  } as const;
  const finds = (filters: Record<string, string[]>): boolean | undefined =>
    cachePruning(new Map(Object.entries(filters)), {}, context).concerns?.('abc', entry);
  assert.equal(finds({ type: ['regular', 'exec.cachemount'] }), true);
  assert.equal(finds({ 'type!': ['exec.cachemount'] }), false);
  assert.equal(finds({ mutable: ['true'], inuse: ['false'] }), true);
  assert.equal(finds({ immutable: ['true'] }), false);
  assert.equal(finds({ id: ['ab'], description: ['mount'] }), true);
  assert.throws(() => finds({ shiny: ['1'] }), /invalid filter 'shiny'/);
  assert.throws(() => finds({ until: ['long'] }), /invalid filter 'until=long'/);
});

test('the usual rules bound the cache by the size of the file system', () => {
  const policies = usualPolicies({ reservedBytes: 0, maxUsedBytes: 0, minFreeBytes: 0 }, 50 * 1000 ** 3);
  assert.deepEqual(
    policies.map(({ reservedBytes, maxUsedBytes, minFreeBytes }) => [
      reservedBytes,
      maxUsedBytes,
      minFreeBytes,
    ]),
    [[undefined, 512_000_000, undefined], ...[1, 2, 3].map(() => [5e9, 30e9, 10e9])],
  );
});
