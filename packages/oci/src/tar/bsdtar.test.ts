/**
 * Archives that bsdtar 3.6.2 wrote (`bsdtar --format=pax|gnutar -c .`), gzipped, in base64: a set-uid file with a capability
 * and a binary xattr, its hard link, links, devices, a fifo, a sparse file, large ids, and names beyond ASCII and 100 bytes.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type CollectedMember, collectTar } from '../../testing/index.ts';

const longName = `./ü${'x'.repeat(120)}`;

function read(format: 'pax' | 'gnutar'): Map<string, CollectedMember> {
  const file = path.join(import.meta.dirname, 'fixtures', `bsdtar-${format}.tar.gz.base64`);
  const archive = gunzipSync(Buffer.from(readFileSync(file, 'latin1'), 'base64'));
  const members = collectTar(archive, 1000);
  return new Map(members.map((member) => [Buffer.from(member.entry.name).toString('latin1'), member]));
}

function latin1(name: string): string {
  return Buffer.from(name).toString('latin1');
}

for (const format of ['pax', 'gnutar'] as const) {
  describe(`reading what bsdtar wrote as ${format}`, () => {
    const members = read(format);

    it('finds every type', () => {
      const types = [...members].map(([name, { entry }]) => [name, entry.type]);
      assert.deepEqual(types, [
        ['./', 'directory'],
        ['./sparse', 'file'],
        [latin1(longName), 'file'],
        ['./b\xff\n', 'file'],
        ['./p', 'fifo'],
        ['./link', 'symlink'],
        ['./loop', 'block-device'],
        ['./hard', 'file'],
        ['./old', 'file'],
        ['./null', 'character-device'],
        ['./d/', 'directory'],
        ['./d/f', 'hard-link'],
      ]);
    });

    it('has modes, owners, devices, targets and content right', () => {
      assert.equal(members.get('./hard')?.entry.mode, 0o4755);
      assert.equal(members.get('./old')?.entry.uid, 3_000_000);
      assert.equal(members.get('./old')?.entry.gid, 4_000_000_000);
      const { deviceMajor, deviceMinor } = members.get('./loop')?.entry ?? {};
      assert.deepEqual([deviceMajor, deviceMinor], [7, 200]);
      assert.equal(Buffer.from(members.get('./d/f')?.entry.linkName ?? []).toString(), './hard');
      assert.equal(Buffer.from(members.get('./link')?.entry.linkName ?? []).toString(), 'd/f');
      assert.equal(members.get(latin1(longName))?.content.toString(), 'long');
      assert.equal(members.get('./hard')?.content.toString(), 'hello');
    });
  });
}

describe('what only PAX keeps', () => {
  const members = read('pax');

  it('is binary xattrs, read once although bsdtar writes them twice', () => {
    const { xattrs } = members.get('./hard')?.entry ?? {};
    assert.deepEqual([...(xattrs?.keys() ?? [])].sort(), ['security.capability', 'user.bin']);
    assert.deepEqual([...(xattrs?.get('user.bin') ?? [])], [0, 255, 10, 61, 1]);
    assert.equal(xattrs?.get('security.capability')?.length, 20);
    const opaque = members.get('./d/')?.entry.xattrs.get('trusted.overlay.opaque');
    assert.equal(Buffer.from(opaque ?? []).toString(), 'y');
  });

  it('is nanoseconds', () => {
    assert.equal(members.get('./hard')?.entry.mtimeNs, 981_173_106_789_012_345n);
    assert.equal(members.get('./')?.entry.mtimeNs, 1_577_836_800_250_000_000n);
  });

  it('is holes', () => {
    const { entry, content } = members.get('./sparse') as CollectedMember;
    assert.equal(entry.sizeBytes, 1 << 20);
    assert.deepEqual(entry.segments, [
      { offset: 299_008, lengthBytes: 8192 },
      { offset: 696_320, lengthBytes: 4096 },
    ]);
    assert.equal(content.indexOf('A'), 300_000 - 299_008);
    assert.equal(content.indexOf('B'), 8192 + 700_000 - 696_320);
  });
});
