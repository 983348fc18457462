import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IdMaps } from '@gantry/kernel';
import type { Container } from '../container.ts';
import { UserRanges } from './user-ranges.ts';

const pool = { uids: { first: 1_000_000, count: 200_000 }, gids: { first: 3_000_000, count: 1_000_000 } };

function rangesBeside(...stored: IdMaps[]): UserRanges {
  const list = (): Container[] => stored.map((idMaps) => ({ record: { idMaps } }) as Container);
  return new UserRanges({ list }, pool);
}

function mapsFrom(uid: number, gid: number): IdMaps {
  return {
    uids: [{ inside: 0, outside: uid, count: 65_536 }],
    gids: [{ inside: 0, outside: gid, count: 65_536 }],
  };
}

test('a range is nobody else’s while it is held, or its container is stored', () => {
  const first = mapsFrom(1_000_000, 3_000_000);
  const second = mapsFrom(1_065_536, 3_065_536);
  const third = mapsFrom(1_131_072, 3_131_072);
  const ranges = rangesBeside(second);
  const claim = ranges.claim();
  assert.deepEqual(claim.idMaps, first);
  assert.deepEqual(ranges.claim().idMaps, third);
  assert.throws(() => ranges.claim(), { code: 'no-user-range-left', kind: 'exhausted' });
  claim[Symbol.dispose]();
  assert.deepEqual(ranges.claim().idMaps, first);
});
