import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectTar, plainFile as file, header, pax } from '../../testing/index.ts';
import { blockBytes, fields } from './layout.ts';
import { TarParser } from './tar-parser.ts';
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from './tar-writer.ts';

describe('truncated archives', () => {
  const whole = Buffer.concat([
    pax([['mtime', '1.5']], { ...file, sizeBytes: 600 }),
    Buffer.alloc(600, 'x'),
    tarPadding(600),
  ]);

  it('are refused wherever an entry is cut', () => {
    for (let length = 1; length < 512 * 3 + 600; length += 7) {
      if (length % blockBytes === 0) continue;
      assert.throws(() => collectTar(whole.subarray(0, length)), /middle of an entry/);
    }
  });

  it('are tolerated without end marker or without the last padding, as by GNU tar', () => {
    assert.equal(collectTar(whole)[0]?.content.length, 600);
    assert.equal(collectTar(whole.subarray(0, 512 * 3 + 600))[0]?.content.length, 600);
    assert.equal(collectTar(Buffer.concat([whole, Buffer.alloc(512)])).length, 1);
    assert.equal(collectTar(Buffer.alloc(0)).length, 0);
  });
});

describe('what follows the end marker', () => {
  it('is not looked at, be it zeros or garbage', () => {
    for (const rest of [Buffer.alloc(10_240), Buffer.alloc(777, 'x'), Buffer.from(encodeTarHeader(file))]) {
      assert.equal(collectTar(Buffer.concat([encodeTarHeader(file), tarEnd, rest]), 500).length, 1);
    }
  });

  it('is known to be there', () => {
    const parser = new TarParser({ entry: () => {}, data: () => {}, end: () => {} });
    parser.write(tarEnd.subarray(0, 600));
    assert.ok(!parser.ended);
    parser.write(tarEnd.subarray(600));
    assert.ok(parser.ended);
  });
});

describe('old and odd headers', () => {
  it('are read as the directory that a name with a slash was before 1988', () => {
    const block = header([
      [fields.type, '\0'],
      [fields.name, 'd/'],
      [fields.magic, ''],
    ]);
    assert.equal(collectTar(block)[0]?.entry.type, 'directory');
    assert.equal(collectTar(header([[fields.type, '7']]))[0]?.entry.type, 'file');
  });

  it('may have a checksum over signed bytes', () => {
    const block = header([[fields.name, Buffer.from('\xe9', 'latin1')]]);
    const sum = Number.parseInt(block.toString('latin1', 148, 154), 8) - 256;
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, fields.checksum.at);
    assert.equal(collectTar(block)[0]?.entry.name[0], 0xe9);
  });

  it('may have blanks around numbers and none at all', () => {
    const block = header([
      [fields.mode, '   755 '],
      [fields.uid, ''],
    ]);
    const [member] = collectTar(block);
    assert.equal(member?.entry.mode, 0o755);
    assert.equal(member.entry.uid, 0);
  });

  it("may hold Go's prefix where GNU has times", () => {
    const block = header([
      [fields.magic, 'ustar  \0'],
      [fields.prefix, 'some/prefix'],
    ]);
    assert.equal(collectTar(block)[0]?.name, 'some/prefix/f');
  });

  it('lose the file type bits that some programs put into the mode', () => {
    assert.equal(collectTar(header([[fields.mode, '0100644']]))[0]?.entry.mode, 0o644);
  });
});

describe('PAX records', () => {
  it('of the archive hold until an entry has its own, and an empty one takes a value back', () => {
    const own: TarEntryInput = { ...file, uid: 7 };
    const archive = Buffer.concat([
      pax(
        [
          ['uid', '1000'],
          ['mtime', '5'],
        ],
        own,
        'g',
      ),
      pax([['uid', '2000']], own),
      pax([['uid', '']], own),
      encodeTarHeader(own),
      pax([['mtime', '9']], own, 'g'),
    ]);
    const members = collectTar(archive);
    assert.deepEqual(
      members.map(({ entry }) => entry.uid),
      [1000, 2000, 7, 1000, 1000],
    );
    assert.deepEqual(
      members.map(({ entry }) => entry.mtimeNs / 1_000_000_000n),
      [5n, 5n, 5n, 5n, 9n],
    );
  });

  it('give times before 1970 and drop digits past the nanosecond', () => {
    const times: Record<string, bigint> = {
      '-1.5': -1_500_000_000n,
      '-0.000000001': -1n,
      '1.1234567899': 1_123_456_789n,
      '3.': 3_000_000_000n,
      '0': 0n,
    };
    for (const [text, expected] of Object.entries(times)) {
      assert.equal(collectTar(pax([['mtime', text]]))[0]?.entry.mtimeNs, expected, text);
    }
  });

  it('of device numbers win over the header', () => {
    const archive = pax(
      [
        ['SCHILY.devmajor', '300'],
        ['SCHILY.devminor', '70000'],
      ],
      {
        type: 'block-device',
        name: Buffer.from('b'),
      },
    );
    const [member] = collectTar(archive);
    assert.deepEqual([member?.entry.deviceMajor, member?.entry.deviceMinor], [300, 70_000]);
  });

  it('keep an xattr that is empty, and decode libarchive names', () => {
    const [member] = collectTar(
      pax([
        ['SCHILY.xattr.user.empty', ''],
        ['LIBARCHIVE.xattr.user.a%3Db', Buffer.from([1, 2]).toString('base64')],
      ]),
    );
    assert.deepEqual([...(member?.entry.xattrs.get('user.empty') ?? [9])], []);
    assert.deepEqual([...(member?.entry.xattrs.get('user.a=b') ?? [])], [1, 2]);
  });
});

describe('TarParser', () => {
  it('hands out views of what it was fed, with the offset of each', () => {
    const content = Buffer.from('0123456789');
    const archive = Buffer.concat([
      encodeTarHeader({ ...file, sizeBytes: 10 }),
      content,
      tarPadding(10),
      tarEnd,
    ]);
    const seen: [boolean, string, number][] = [];
    const parser = new TarParser({
      entry: () => {},
      data: (chunk, offset) =>
        seen.push([chunk.buffer === archive.buffer, Buffer.from(chunk).toString(), offset]),
      end: () => {},
    });
    parser.write(archive.subarray(0, 516));
    parser.write(archive.subarray(516));
    parser.finish();
    assert.deepEqual(seen, [
      [true, '0123', 0],
      [true, '456789', 4],
    ]);
  });

  it('lets an error of the handler through as it is', () => {
    const error = new Error('disk full');
    const parser = new TarParser({
      entry: () => {
        throw error;
      },
      data: () => {},
      end: () => {},
    });
    assert.throws(() => parser.write(encodeTarHeader(file)), error);
  });

  it('reads a hundred thousand headers a second at the very least', () => {
    const one = encodeTarHeader({ ...file, name: Buffer.from('usr/share/doc/package/README') });
    const archive = Buffer.concat(Array.from({ length: 20_000 }, () => one));
    assert.equal(collectTar(archive, 1 << 19).length, 20_000);
  });
});
