import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMountTable } from './mount-table.ts';

test('a line with optional fields and escapes is parsed', () => {
  const [entry] = parseMountTable(
    '36 35 98:0 /mnt1 /mnt\\0402\\134x rw,noatime master:1 shared:7 - ext3 /dev/ro\\040ot rw,errors=continue\n',
  );
  assert.deepEqual(entry, {
    mountId: 36,
    parentId: 35,
    device: '98:0',
    root: '/mnt1',
    target: '/mnt 2\\x',
    options: ['rw', 'noatime'],
    propagation: ['master:1', 'shared:7'],
    type: 'ext3',
    source: '/dev/ro ot',
    superOptions: 'rw,errors=continue',
  });
});

test('a line without optional fields and what is no mount line', () => {
  const entries = parseMountTable('22 27 0:21 / /proc rw - proc proc rw\n\nnonsense\n');
  assert.equal(entries.length, 1);
  assert.deepEqual(entries[0]?.propagation, []);
  assert.equal(entries[0]?.type, 'proc');
});
