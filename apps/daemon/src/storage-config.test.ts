import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storageSizeOf } from './storage-config.ts';

test('overlay2.size is what containers may write', () => {
  assert.equal(storageSizeOf([]), 0);
  assert.equal(storageSizeOf(['overlay2.size=1g', 'Overlay2.Size = 10M']), 10 * 1024 ** 2);
});

test('other storage options are refused', () => {
  assert.throws(() => storageSizeOf(['overlay2.size']), /unable to parse key\/value option: overlay2.size/);
  assert.throws(() => storageSizeOf(['overlay2.size=big']), /invalid size: 'big'/);
  assert.throws(() => storageSizeOf(['dm.basesize=1g']), /overlay2: unknown option dm.basesize/);
});
