import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { collectTar } from '../../testing/index.ts';
import { blockBytes } from './layout.ts';
import { type TarEntry, type TarEntryType, type TarSegment, tarStoredBytes } from './tar-entry.ts';
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from './tar-writer.ts';

const types: TarEntryType[] = [
  'file',
  'hard-link',
  'symlink',
  'character-device',
  'block-device',
  'directory',
  'fifo',
];

const nameBytes = fc.oneof(
  fc.stringMatching(/^[a-z/]{1,300}$/).map((text) => Buffer.from(text)),
  fc.uint8Array({ minLength: 1, maxLength: 300, min: 1 }),
  fc.constantFrom('a', '.', '/', './a/b', 'ü', '\n', 'x'.repeat(255)).map((text) => Buffer.from(text)),
);
const id = fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 0xffff_fffe }));
const time = fc.oneof(
  fc.integer({ min: 0, max: 2_000_000_000 }).map((seconds) => BigInt(seconds) * 1_000_000_000n),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
);
const xattrs = fc
  .array(
    fc.tuple(
      fc.string({ minLength: 1, maxLength: 30 }).filter((name) => !name.includes('\0')),
      fc.uint8Array({ maxLength: 100 }),
    ),
    { maxLength: 4 },
  )
  .map((pairs) => new Map(pairs.map(([name, value]) => [`user.${name}`, value])));
const segments = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 3000 })), { maxLength: 60 })
  .map((runs) => {
    let end = 0;
    return runs.map(([gap, lengthBytes]): TarSegment => {
      const offset = end + gap;
      end = offset + lengthBytes;
      return { offset, lengthBytes };
    });
  });

const entries: fc.Arbitrary<TarEntry> = fc
  .record({
    type: fc.constantFrom(...types),
    name: nameBytes,
    linkName: nameBytes,
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: id,
    gid: id,
    sizeBytes: fc.integer({ min: 0, max: 3000 }),
    mtimeNs: time,
    atimeNs: fc.option(time, { nil: undefined }),
    ctimeNs: fc.option(time, { nil: undefined }),
    deviceMajor: id,
    deviceMinor: id,
    xattrs,
    segments: fc.option(segments, { nil: undefined }),
  })
  .map(onlyMeaningful);

/** As a parser would give it: nothing set that the type does not have. */
function onlyMeaningful(entry: TarEntry): TarEntry {
  const isFile = entry.type === 'file';
  const isLink = entry.type === 'hard-link' || entry.type === 'symlink';
  const isDevice = entry.type.endsWith('-device');
  const last = entry.segments?.at(-1);
  const leastBytes = last === undefined ? 0 : last.offset + last.lengthBytes;
  const isDirectory = entry.type === 'directory' && entry.name.at(-1) !== 0x2f;
  return {
    ...entry,
    name: isDirectory ? Buffer.concat([entry.name, Buffer.from('/')]) : entry.name,
    linkName: isLink ? entry.linkName : new Uint8Array(0),
    sizeBytes: isFile ? leastBytes + entry.sizeBytes : 0,
    segments: isFile ? entry.segments : undefined,
    deviceMajor: isDevice ? entry.deviceMajor : 0,
    deviceMinor: isDevice ? entry.deviceMinor : 0,
  };
}

/** With names and values as plain arrays, so that only bytes are compared. */
function comparable(entry: TarEntry): unknown {
  return {
    ...entry,
    name: [...entry.name],
    linkName: [...entry.linkName],
    xattrs: new Map([...entry.xattrs].map(([name, value]) => [name, [...value]])),
  };
}

describe('encodeTarHeader', () => {
  it('writes what the parser reads back, whatever the pieces', () => {
    fc.assert(
      fc.property(
        fc.array(entries, { maxLength: 5 }),
        fc.integer({ min: 1, max: 2000 }),
        (all, chunkBytes) => {
          const parts = all.flatMap((entry) => {
            const stored = tarStoredBytes(entry);
            return [encodeTarHeader(entry), Buffer.alloc(stored, 'x'), tarPadding(stored)];
          });
          const members = collectTar(Buffer.concat([...parts, tarEnd]), chunkBytes);
          assert.deepEqual(
            members.map((member) => comparable(member.entry)),
            all.map(comparable),
          );
          assert.ok(
            members.every(
              (member, index) => member.content.length === tarStoredBytes(all[index] as TarEntry),
            ),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives the same bytes for the same entry, whatever the order of its xattrs', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const reversed = { ...entry, xattrs: new Map([...entry.xattrs].reverse()) };
        assert.ok(Buffer.from(encodeTarHeader(entry)).equals(encodeTarHeader(reversed)));
      }),
    );
  });

  it('never changes what it writes from one version to the next', () => {
    const inputs: TarEntryInput[] = [
      { type: 'directory', name: Buffer.from('etc'), mtimeNs: 1_700_000_000_000_000_000n },
      { type: 'file', name: Buffer.from('etc/passwd'), sizeBytes: 12, mode: 0o4755, uid: 0, gid: 42 },
      {
        type: 'file',
        name: Buffer.from(`${'d/'.repeat(100)}ü`),
        mtimeNs: -1n,
        uid: 4_000_000_000,
        xattrs: new Map([['security.capability', Buffer.from([1, 0, 0, 2])]]),
        sizeBytes: 1 << 20,
        segments: [{ offset: 4096, lengthBytes: 10 }],
      },
    ];
    const hash = createHash('sha256');
    for (const input of inputs) hash.update(encodeTarHeader(input));
    assert.equal(hash.digest('hex'), 'a42ac4fd66542e2e8cec57b205dc3704a49ac01e892b0fcb456bd3a1b1410619');
  });

  it('stays with one plain ustar block while it can', () => {
    const name = `${'p'.repeat(155)}/${'n'.repeat(100)}`;
    const header = encodeTarHeader({ type: 'file', name: Buffer.from(name), sizeBytes: 8 ** 11 - 1 });
    assert.equal(header.length, blockBytes);
    assert.equal(Buffer.from(header.subarray(257, 265)).toString(), 'ustar\u000000');
    const [member] = collectTar(encodeTarHeader({ type: 'file', name: Buffer.from(name) }));
    assert.equal(member?.name, name);
  });

  it('takes a size beyond eight gigabytes', () => {
    const header = encodeTarHeader({ type: 'file', name: Buffer.from('x'), sizeBytes: 8 ** 11 });
    assert.ok(Buffer.from(header).includes(`size=${8 ** 11}\n`));
  });

  const bad: Record<string, TarEntryInput> = {
    'an empty name': { type: 'file', name: Buffer.alloc(0) },
    'NUL in a name': { type: 'file', name: Buffer.from('a\0b') },
    'a link without target': { type: 'symlink', name: Buffer.from('a') },
    'a negative id': { type: 'file', name: Buffer.from('a'), uid: -1 },
    'the id that means unchanged': { type: 'file', name: Buffer.from('a'), gid: 0xffff_ffff },
    'a fractional size': { type: 'file', name: Buffer.from('a'), sizeBytes: 1.5 },
    'file type bits in the mode': { type: 'file', name: Buffer.from('a'), mode: 0o100644 },
    'NUL in the name of an xattr': {
      type: 'file',
      name: Buffer.from('a'),
      xattrs: new Map([['a\0', Buffer.alloc(1)]]),
    },
    'more xattrs than a header may hold': {
      type: 'file',
      name: Buffer.from('a'),
      xattrs: new Map(Array.from({ length: 20 }, (_, index) => [`user.${index}`, Buffer.alloc(65536)])),
    },
  };
  for (const [what, input] of Object.entries(bad)) {
    it(`refuses ${what}`, () => {
      assert.throws(() => encodeTarHeader(input), RangeError);
    });
  }
});
