import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { BlobSource } from './blob-source.ts';
import { DecompressError, decompress } from './decompress.ts';

const compressors = { gzip: gzipSync, zstd: zstdCompressSync } as const;
type Compression = keyof typeof compressors;

/** Gives the bytes in pieces of `pieceBytes`. */
function pieces(bytes: Uint8Array, pieceBytes: number): BlobSource {
  const putBack: Uint8Array[] = [];
  let at = 0;
  return {
    read: async () => {
      const again = putBack.pop();
      if (again !== undefined || at >= bytes.length) return again;
      at += pieceBytes;
      return bytes.subarray(at - pieceBytes, at);
    },
    unread: (chunk) => void (chunk.length > 0 && putBack.push(chunk)),
  };
}

async function read(
  bytes: Uint8Array,
  compression: Compression | 'none',
  pieceBytes = 1000,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompress(pieces(bytes, pieceBytes), compression))
    chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Compresses badly, so that frames span many pieces. */
function noise(lengthBytes: number, seed: number): Buffer {
  const bytes = Buffer.alloc(lengthBytes);
  let state = seed;
  for (let index = 0; index < lengthBytes; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

const parts = [noise(3000, 1), Buffer.alloc(0), noise(1, 2), noise(9_000, 3), Buffer.from('end')];
const skippable = Buffer.from('502a4d1804000000abcdef01', 'hex');

for (const compression of ['gzip', 'zstd'] as const) {
  const compress = compressors[compression];
  const whole = Buffer.concat(parts.map((part) => compress(part)));

  test(`${compression}: every member is read, wherever the pieces end`, async () => {
    for (const pieceBytes of [1, 7, 18, 1000, 3018, 100_000]) {
      assert.ok((await read(whole, compression, pieceBytes)).equals(Buffer.concat(parts)), `${pieceBytes}`);
    }
  });

  test(`${compression}: anything else after the end is refused`, async () => {
    for (const garbage of [Buffer.from('garbage'), Buffer.alloc(5000, 65), Buffer.from('\0\0\0x')]) {
      for (const pieceBytes of [1, 10, 1000]) {
        const bytes = Buffer.concat([compress('x'), garbage]);
        await assert.rejects(read(bytes, compression, pieceBytes), DecompressError, `${pieceBytes}`);
      }
    }
  });

  test(`${compression}: a stream cut short is refused, wherever it is cut`, async () => {
    const bytes = compress(noise(3000, 4));
    for (const length of [0, 1, 3, 9, 100, bytes.length - 9, bytes.length - 1]) {
      await assert.rejects(read(bytes.subarray(0, length), compression), DecompressError, `${length}`);
    }
  });

  test(`${compression}: what is not ${compression} is refused`, async () => {
    await assert.rejects(read(noise(5000, 5), compression), DecompressError);
    await assert.rejects(read(Buffer.alloc(512), compression), DecompressError);
    await assert.rejects(read(Buffer.concat([Buffer.alloc(9), compress('x')]), compression), DecompressError);
  });

  test(`${compression}: a reader may stop early`, async () => {
    for await (const chunk of decompress(pieces(compress(noise(3_000_000, 6)), 100_000), compression)) {
      assert.ok(chunk.length > 0);
      break;
    }
  });
}

test('gzip: zeros after the end are padding', async () => {
  for (const zeros of [1, 512, 5000]) {
    const padded = Buffer.concat([gzipSync('x'), Buffer.alloc(zeros)]);
    for (const pieceBytes of [1, 10, 1000]) {
      assert.equal((await read(padded, 'gzip', pieceBytes)).toString(), 'x');
    }
  }
});

test('zstd: skippable frames are skipped', async () => {
  const frame = zstdCompressSync('x');
  const bytes = Buffer.concat([skippable, frame, skippable, skippable, frame, skippable]);
  for (const pieceBytes of [1, 12, 25, 1000]) {
    assert.equal((await read(bytes, 'zstd', pieceBytes)).toString(), 'xx', `${pieceBytes}`);
  }
});

test('an uncompressed blob is passed on', async () => {
  assert.equal((await read(Buffer.from('plain'), 'none', 2)).toString(), 'plain');
  assert.equal((await read(Buffer.alloc(0), 'none')).length, 0);
});
