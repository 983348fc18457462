import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  base256,
  collectTar,
  plainFile as file,
  header,
  metadata,
  pax,
  withChecksum,
} from '../../testing/index.ts';
import { CorruptTarError } from '../errors.ts';
import { blockBytes, fields } from './layout.ts';
import { encodePaxRecord } from './pax.ts';
import { encodeTarHeader, tarEnd } from './tar-writer.ts';

function refuses(archive: Uint8Array, message?: RegExp): void {
  for (const chunkBytes of [archive.length, 100, 1]) {
    assert.throws(
      () => collectTar(archive, chunkBytes),
      (error) => error instanceof CorruptTarError && (message === undefined || message.test(error.message)),
    );
  }
}

describe('hostile archives', () => {
  const big = '9'.repeat(15);
  const cases: Record<string, [archive: Buffer, message: RegExp]> = {
    'a wrong checksum': [Buffer.from(encodeTarHeader(file)).fill('g', 0, 1), /checksum/],
    'text instead of a number': [header([[fields.uid, 'xyz']]), /octal/],
    'a negative uid': [header([[fields.uid, base256(-1n, 8)]]), /uid -1 is out of range/],
    'a negative gid': [header([[fields.gid, base256(-5n, 8)]]), /gid -5/],
    'a uid that would wrap to root': [header([[fields.uid, base256(1n << 32n, 8)]]), /uid 4294967296/],
    'a uid that means unchanged': [header([[fields.uid, base256((1n << 32n) - 1n, 8)]]), /uid 4294967295/],
    'a uid beyond 53 bits': [header([[fields.uid, base256(1n << 60n, 8)]]), /2\^53/],
    'a PAX uid that would wrap to root': [pax([['uid', '4294967296']]), /uid 4294967296/],
    'a PAX uid beyond 64 bits': [pax([['uid', '18446744073709551616']]), /2\^53/],
    'a negative PAX gid': [pax([['gid', '-1']]), /decimal/],
    'a negative size': [header([[fields.size, base256(-512n, 12)]]), /negative size/],
    'a PAX size with a sign': [pax([['size', '+5']]), /decimal/],
    'a PAX time that is none': [pax([['mtime', '1.5.5']]), /time/],
    'a PAX time of a thousand digits': [pax([['mtime', '1'.repeat(1000)]]), /time/],
    'NUL in a PAX path': [pax([['path', 'a\0b']]), /NUL/],
    'NUL in a PAX link path': [
      pax([['linkpath', 'a\0b']], { type: 'symlink', name: Buffer.from('l'), linkName: Buffer.from('t') }),
      /NUL/,
    ],
    'a keyword that is not UTF-8': [metadata('x', Buffer.from('7 \xffa=b\n', 'latin1')), /UTF-8/],
    'a PAX record longer than its header': [metadata('x', Buffer.from('99 path=a\n')), /wrong length/],
    'a PAX record without end': [metadata('x', Buffer.from('8 path=a')), /wrong length/],
    'a PAX record of length zero': [metadata('x', Buffer.from('0 path=a\n')), /wrong length/],
    'a PAX record without keyword': [metadata('x', Buffer.from('5 =a\n')), /keyword/],
    'a PAX record without a value': [metadata('x', Buffer.from('7 path\n')), /keyword/],
    'a PAX record without length': [metadata('x', Buffer.from('path=aaaaaaaaaaaaaa\n')), /no length/],
    'an extended header of a gigabyte': [
      header([
        [fields.type, 'x'],
        [fields.size, (2 ** 30).toString(8)],
      ]),
      /extended header of 1073741824/,
    ],
    'a long name of a gigabyte': [
      header([
        [fields.type, 'L'],
        [fields.size, (2 ** 30).toString(8)],
      ]),
      /extended header/,
    ],
    'an empty long name': [Buffer.concat([metadata('L', Buffer.from('\0')), encodeTarHeader(file)]), /empty/],
    'an entry without name': [header([[fields.name, '']]), /no name/],
    'a hard link without target': [header([[fields.type, '1']]), /no target/],
    'an unknown type': [header([[fields.type, 'V']]), /type "V"/],
    'a negative device': [
      header([
        [fields.type, '3'],
        [fields.deviceMajor, base256(-1n, 8)],
      ]),
      /negative device/,
    ],
    'a lone zero block': [
      Buffer.concat([Buffer.alloc(blockBytes), encodeTarHeader(file)]),
      /lone zero block/,
    ],
    'an extended header for nothing': [metadata('x', encodePaxRecord('path', Buffer.from('a'))), /middle/],
    'a sparse map of another version': [
      pax([
        ['GNU.sparse.major', '2'],
        ['GNU.sparse.minor', '0'],
        ['GNU.sparse.realsize', '9'],
      ]),
      /version/,
    ],
    'a sparse map that overlaps': [
      pax(
        [
          ['GNU.sparse.size', '9'],
          ['GNU.sparse.map', '0,5,4,2'],
        ],
        { ...file, sizeBytes: 7 },
      ),
      /overlaps/,
    ],
    'a sparse map that leaves its file': [
      pax(
        [
          ['GNU.sparse.size', '9'],
          ['GNU.sparse.map', '8,2'],
        ],
        { ...file, sizeBytes: 2 },
      ),
      /leaves/,
    ],
    'a sparse map that lacks a length': [
      pax(
        [
          ['GNU.sparse.size', '9'],
          ['GNU.sparse.map', '0,1,2'],
        ],
        { ...file, sizeBytes: 1 },
      ),
      /without a length/,
    ],
    'a sparse map with less than is stored': [
      pax(
        [
          ['GNU.sparse.size', '9'],
          ['GNU.sparse.map', '0,1'],
        ],
        { ...file, sizeBytes: 5 },
      ),
      /add up/,
    ],
    'a sparse map with more than is stored': [
      pax(
        [
          ['GNU.sparse.size', big],
          ['GNU.sparse.map', `0,${big}`],
        ],
        { ...file, sizeBytes: 5 },
      ),
      /add up/,
    ],
    'sparse offsets without lengths': [
      pax([
        ['GNU.sparse.size', '9'],
        ['GNU.sparse.offset', '0'],
        ['GNU.sparse.offset', '1'],
      ]),
      /alternate/,
    ],
    'a global sparse map': [
      pax(
        [
          ['GNU.sparse.offset', '0'],
          ['GNU.sparse.numbytes', '1'],
        ],
        file,
        'g',
      ),
      /global/,
    ],
    'a malformed name of an xattr': [pax([['LIBARCHIVE.xattr.%ff', 'AA==']]), /extended attribute/],
  };
  for (const [what, [archive, message]] of Object.entries(cases)) {
    it(`are refused for ${what}`, () => refuses(archive, message));
  }

  it('are refused when a 1.0 map never ends, at its bound', () => {
    const map = Buffer.alloc(2 << 20, '1\n');
    const records: [string, string][] = [
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.realsize', '9'],
    ];
    const large = Buffer.concat([Buffer.from('9999999\n'), map]);
    const archive = Buffer.concat([pax(records, { ...file, sizeBytes: large.length }), large]);
    assert.throws(() => collectTar(archive), /too long/);
    assert.throws(() => collectTar(pax(records, { ...file, sizeBytes: 100 })), /longer than its file/);
    const garbage = Buffer.alloc(blockBytes, 'x');
    assert.throws(
      () => collectTar(Buffer.concat([pax(records, { ...file, sizeBytes: 1024 }), garbage])),
      /something else than numbers/,
    );
  });

  it('are refused when old GNU extension blocks never end, at their bound', () => {
    const pairs = Buffer.concat(Array.from({ length: 21 }, () => Buffer.from('000000000010000000000000')));
    const block = Buffer.concat([pairs, Buffer.from('1'), Buffer.alloc(7)]);
    const start = Buffer.from(encodeTarHeader(file));
    start.write('ustar  \0', fields.magic.at);
    start.write('S', fields.type.at);
    start[fields.gnuIsExtended.at] = 1;
    const archive = Buffer.concat([withChecksum(start), ...Array.from({ length: 10_000 }, () => block)]);
    assert.throws(() => collectTar(archive), /sparse map is too long/);
  });

  it('are refused for more than a megabyte of global records', () => {
    const record = pax([['comment', Buffer.alloc(600_000, 'x')]], file, 'g');
    assert.equal(collectTar(record).length, 1);
    assert.throws(() => collectTar(Buffer.concat([record, record])), /too many global/);
  });

  it('tell where they are broken', () => {
    const broken = Buffer.from(encodeTarHeader(file)).fill('g', 0, 1);
    assert.throws(() => collectTar(Buffer.concat([encodeTarHeader(file), broken])), {
      details: { reason: 'a header has a wrong checksum', offset: 512 },
    });
  });

  it('never make the parser throw anything else, or hang', () => {
    const valid = Buffer.concat([
      pax([
        ['path', 'a'],
        ['mtime', '1.5'],
        ['SCHILY.xattr.user.x', 'y'],
      ]),
      encodeTarHeader({ ...file, sizeBytes: 700, segments: [{ offset: 100, lengthBytes: 600 }] }),
      Buffer.alloc(1024, 'x'),
      metadata('L', Buffer.from(`${'l'.repeat(200)}\0`)),
      encodeTarHeader(file),
      tarEnd,
    ]);
    const flips = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(flips, fc.nat(valid.length), fc.boolean(), (flips, length, mendChecksums) => {
        const bytes = Buffer.from(valid);
        for (const [at, value] of flips) bytes[at] = value;
        if (mendChecksums) {
          for (let at = 0; at < bytes.length; at += blockBytes)
            withChecksum(bytes.subarray(at, at + blockBytes));
        }
        try {
          collectTar(bytes.subarray(0, length), 300);
        } catch (error) {
          assert.ok(error instanceof CorruptTarError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
