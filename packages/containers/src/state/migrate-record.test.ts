import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrateRecord } from './migrate-record.ts';

test('a record of version 1 has its network among its networks', () => {
  const ports = [{ containerPort: 80 }];
  const migrated = (network: object): unknown => migrateRecord({ id: 'x', network }).network;
  assert.deepEqual(migrated({ mode: 'bridge', ports }), { mode: 'own', endpoints: { bridge: {} }, ports });
  assert.deepEqual(migrated({ mode: 'none', ports: [] }), {
    mode: 'own',
    endpoints: { none: {} },
    ports: [],
  });
  assert.deepEqual(migrated({ mode: 'host', ports: [] }), {
    mode: 'host',
    endpoints: { host: {} },
    ports: [],
  });
  assert.deepEqual(migrated({ mode: 'container', peer: 'y', ports: [] }), {
    mode: 'container',
    peer: 'y',
    endpoints: {},
    ports: [],
  });
  assert.deepEqual(migrateRecord({ id: 'damaged' }), { id: 'damaged' });
});
