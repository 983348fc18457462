import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrateVolumeRecord } from './volume-record.ts';

test('a volume from before drivers is a local one without options', () => {
  const kept = { createdAt: '2024-01-01T00:00:00Z', labels: { a: 'b' }, anonymous: true, usedBy: ['c1'] };
  const old = { ...kept, content: 'moving', removing: false };
  const now = { ...kept, driver: 'local', options: {}, scope: 'local', copying: true, removing: false };
  assert.deepEqual(migrateVolumeRecord(old), now);
  assert.deepEqual(migrateVolumeRecord({ ...old, content: 'filled' }), { ...now, copying: false });
});
