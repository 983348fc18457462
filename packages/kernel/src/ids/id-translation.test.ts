import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IdMaps } from './id-maps.ts';
import { insideIds, outsideIds } from './id-translation.ts';

const maps: IdMaps = {
  uids: [
    { inside: 0, outside: 100_000, count: 1000 },
    { inside: 1000, outside: 500_000, count: 10 },
  ],
  gids: [{ inside: 0, outside: 200_000, count: 1000 }],
};

test('owners go out and come back through every range', () => {
  const outside = outsideIds(maps);
  const inside = insideIds(maps);
  for (const [owner, host] of [
    [
      { uid: 0, gid: 0 },
      { uid: 100_000, gid: 200_000 },
    ],
    [
      { uid: 1009, gid: 999 },
      { uid: 500_009, gid: 200_999 },
    ],
  ] as const) {
    assert.deepEqual(outside.owner(owner), host);
    assert.deepEqual(inside.owner(host), owner);
  }
});

test('an id without a place is refused on the way out, and nobody’s on the way in', () => {
  assert.throws(() => outsideIds(maps).owner({ uid: 1010, gid: 0 }), {
    message: 'Container ID 1010 cannot be mapped to a host ID',
  });
  assert.deepEqual(insideIds(maps).owner({ uid: 0, gid: 200_005 }), { uid: 65534, gid: 5 });
});

test('the users and groups of an access control list are translated, its other entries stay', () => {
  const list = (user: number, group: number): Uint8Array => {
    const bytes = new Uint8Array(4 + 3 * 8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 2, true);
    for (const [index, [tag, id]] of [
      [0x01, 0xffffffff],
      [0x02, user],
      [0x08, group],
    ].entries()) {
      view.setUint16(4 + index * 8, tag ?? 0, true);
      view.setUint16(6 + index * 8, 7, true);
      view.setUint32(8 + index * 8, id ?? 0, true);
    }
    return bytes;
  };
  const name = 'system.posix_acl_access';
  assert.deepEqual(outsideIds(maps).xattr(name, list(33, 44)), list(100_033, 200_044));
  assert.deepEqual(insideIds(maps).xattr(name, list(100_033, 200_044)), list(33, 44));
});

test('a file capability says outside whose root it means, and is plain inside', () => {
  const plain = Buffer.from('0100000200200000000000000000000000000000', 'hex');
  const rooted = Buffer.from('0100000300200000000000000000000000000000a0860100', 'hex');
  const name = 'security.capability';
  assert.deepEqual(Buffer.from(outsideIds(maps).xattr(name, plain)), rooted);
  assert.deepEqual(Buffer.from(insideIds(maps).xattr(name, rooted)), plain);
  assert.deepEqual(outsideIds(maps).xattr(name, rooted), rooted);
  assert.deepEqual(outsideIds(maps).xattr('user.note', plain), plain);
});
