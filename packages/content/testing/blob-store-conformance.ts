import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { type Digest, parseDigest } from '@gantry/oci';
import { BlobMismatchError, BlobNotFoundError, type BlobStore, BlobTooLargeError } from '../src/index.ts';
import { digestOf } from '../src/verified-source.ts';

const unknown = parseDigest(`sha256:${'0'.repeat(64)}`);

type Cases = Readonly<Record<string, (store: BlobStore) => Promise<void>>>;

/** What every blob store must do. `open` gives an empty store, which each test disposes. */
export function blobStoreConformance(
  name: string,
  open: () => Promise<{ store: BlobStore } & AsyncDisposable>,
): void {
  for (const [part, cases] of Object.entries({ ingesting, reading, collecting })) {
    void describe(`${name}: ${part}`, () => {
      for (const [title, check] of Object.entries(cases)) {
        void it(title, async () => {
          await using opened = await open();
          await check(opened.store);
        });
      }
    });
  }
}

const ingesting: Cases = {
  'keeps what it was given under its digest, whatever the chunks': async (store) => {
    const bytes = pattern(3_000_001);
    for (const chunkBytes of [1 << 16, 999_983, 4_000_000]) {
      const progress: number[] = [];
      const info = await store.ingest(chunked(bytes, chunkBytes), {
        onProgress: (written) => progress.push(written),
      });
      assert.deepEqual(info, { digest: digestOf(bytes), sizeBytes: bytes.length });
      assert.equal(progress.at(-1), bytes.length);
      assert.ok(bytes.equals(await collect(store.read(info.digest))));
    }
    assert.deepEqual(await collectList(store), [digestOf(bytes)]);
  },

  'keeps what a source that can go on gave, and asks it no more than it needs': async (store) => {
    const bytes = pattern(1_500_000);
    const digest = digestOf(bytes);
    const asked: number[] = [];
    const source = (offset: number): AsyncIterable<Uint8Array> => {
      asked.push(offset);
      return chunked(bytes.subarray(offset), 65_536);
    };
    for (let time = 0; time < 2; time += 1) {
      const info = await store.ingestResumable(source, { digest, sizeBytes: bytes.length });
      assert.deepEqual(info, { digest, sizeBytes: bytes.length });
    }
    assert.deepEqual(asked, [0]);
    assert.ok(bytes.equals(await collect(store.read(digest))));
    const wrong = { digest: unknown, sizeBytes: bytes.length };
    await assert.rejects(store.ingestResumable(source, wrong), BlobMismatchError);
    const short = { digest: digestOf(bytes.subarray(1)), sizeBytes: 9 };
    await assert.rejects(store.ingestResumable(source, short), BlobMismatchError);
    assert.deepEqual(await collectList(store), [digest]);
    assert.equal(await store.abandonResumable(), 0);
  },

  'keeps an empty blob': async (store) => {
    const info = await store.ingest(chunked(Buffer.alloc(0), 1), { sizeBytes: 0 });
    assert.equal(info.sizeBytes, 0);
    assert.deepEqual(await store.stat(info.digest), info);
    assert.equal((await collect(store.read(info.digest))).length, 0);
  },

  'is not fooled by a source that uses its buffer again': async (store) => {
    const buffer = Buffer.alloc(1000);
    const parts: Buffer[] = [];
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 3000; index += 1) {
        buffer.fill(index);
        parts.push(Buffer.from(buffer));
        yield buffer;
      }
    };
    const info = await store.ingest(source(), {});
    assert.ok(Buffer.concat(parts).equals(await collect(store.read(info.digest))));
  },

  'leaves nothing behind for a wrong digest or size': async (store) => {
    const bytes = pattern(100_000);
    const digest = digestOf(bytes);
    const wrong = [
      { digest: unknown },
      { digest, sizeBytes: bytes.length - 1 },
      { digest, sizeBytes: bytes.length + 1 },
    ];
    for (const expected of wrong) {
      await assert.rejects(store.ingest(chunked(bytes, 1000), expected), BlobMismatchError);
      assert.deepEqual(await collectList(store), []);
    }
  },

  'stops a source at the bound, without reading on': async (store) => {
    let pulled = 0;
    let isClosed = false;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          pulled += 1;
          yield Buffer.alloc(1000);
        }
      } finally {
        isClosed = true;
      }
    };
    await assert.rejects(store.ingest(endless(), { maxBytes: 10_000 }), BlobTooLargeError);
    assert.equal(pulled, 11);
    assert.ok(isClosed);
    assert.deepEqual(await collectList(store), []);
  },

  'does not read the source of a blob that it has': async (store) => {
    const bytes = pattern(5000);
    const digest = digestOf(bytes);
    await store.ingest(chunked(bytes, 1000), { digest });
    let isRead = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      isRead = true;
      yield bytes;
    };
    assert.deepEqual(await store.ingest(source(), { digest }), { digest, sizeBytes: 5000 });
    assert.ok(!isRead);
    await assert.rejects(store.ingest(source(), { digest, sizeBytes: 1 }), BlobMismatchError);
    await assert.rejects(store.ingest(source(), { digest, maxBytes: 1 }), BlobTooLargeError);
  },

  'takes one blob from many at once': async (store) => {
    const bytes = pattern(300_000);
    const expected = { digest: digestOf(bytes), sizeBytes: bytes.length };
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, index) => store.ingest(chunked(bytes, 10_000 + index), expected)),
    );
    assert.deepEqual(new Set(all.map((info) => info.digest)), new Set([expected.digest]));
    assert.ok(bytes.equals(await collect(store.read(expected.digest))));
  },

  'passes on what the source throws and leaves nothing': async (store) => {
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield pattern(2_000_000);
      throw new Error('connection lost');
    };
    await assert.rejects(store.ingest(source(), {}), /connection lost/);
    assert.deepEqual(await collectList(store), []);
  },

  'gives up at once when it is aborted while the source hangs': async (store) => {
    const abort = new AbortController();
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield pattern(1000);
      abort.abort();
      await new Promise(() => {});
    };
    await assert.rejects(store.ingest(source(), { signal: abort.signal }), { name: 'AbortError' });
    assert.deepEqual(await collectList(store), []);
  },
};

const reading: Cases = {
  'reads from any offset, past the end too': async (store) => {
    const bytes = pattern(2_500_000);
    const { digest } = await store.ingest(chunked(bytes, 100_000), {});
    for (const offset of [0, 1, 1 << 20, 2_499_999, 2_500_000, 9_000_000]) {
      assert.ok(bytes.subarray(offset).equals(await collect(store.read(digest, offset))));
    }
  },

  'lets a reader stop early': async (store) => {
    const { digest } = await store.ingest(chunked(pattern(3_000_000), 100_000), {});
    for await (const chunk of store.read(digest)) {
      assert.ok(chunk.length > 0);
      break;
    }
  },

  'reads a small blob whole and refuses a larger one': async (store) => {
    const bytes = pattern(500);
    const { digest } = await store.ingest(chunked(bytes, 100), {});
    assert.ok(bytes.equals(await store.readSmall(digest, 500)));
    await assert.rejects(store.readSmall(digest, 499), BlobTooLargeError);
  },

  'has each blob in the file that it names': async (store) => {
    const bytes = pattern(70_000);
    const { digest } = await store.ingest(chunked(bytes, 9000), {});
    assert.ok(bytes.equals(await readFile(store.path(digest))));
  },

  'says so when a blob is not there': async (store) => {
    assert.equal(await store.stat(unknown), undefined);
    await assert.rejects(store.readSmall(unknown, 10), BlobNotFoundError);
    await assert.rejects(collect(store.read(unknown)), BlobNotFoundError);
  },
};

const collecting: Cases = {
  'removes what is neither referenced nor leased, and says what': async (store) => {
    using lease = store.lease();
    const [kept, leased, held, lost] = await Promise.all([
      store.ingest(chunked(pattern(10), 10), {}),
      store.ingest(chunked(pattern(20), 10), { lease }),
      store.ingest(chunked(pattern(30), 10), {}),
      store.ingest(chunked(pattern(40), 10), {}),
    ]);
    lease.hold(held.digest);
    assert.deepEqual(await store.collectGarbage(new Set([kept.digest])), [lost]);
    assert.equal(await store.stat(lost.digest), undefined);
    assert.deepEqual(new Set(await collectList(store)), new Set([kept.digest, leased.digest, held.digest]));
  },

  'removes a blob once its last lease is over': async (store) => {
    const first = store.lease();
    const second = store.lease();
    const info = await store.ingest(chunked(pattern(10), 10), { lease: first });
    second.hold(info.digest);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    assert.deepEqual(await store.collectGarbage(new Set()), []);
    second[Symbol.dispose]();
    assert.deepEqual(await store.collectGarbage(new Set()), [info]);
  },

  'never takes a blob away under an ingest that found or made it': async (store) => {
    const collector = async (): Promise<void> => {
      for (let round = 0; round < 40; round += 1) await store.collectGarbage(new Set());
    };
    const ingester = async (seed: number): Promise<void> => {
      for (let round = 0; round < 20; round += 1) {
        using lease = store.lease();
        const bytes = pattern(100 + (seed % 2));
        const digest = digestOf(bytes);
        await store.ingest(chunked(bytes, 50), { digest, lease });
        assert.ok(bytes.equals(await store.readSmall(digest, 1000)));
      }
    };
    await Promise.all([collector(), ingester(0), ingester(1), ingester(2), ingester(3)]);
  },

  'spares what was held while it was found out what is referenced': async (store) => {
    const kept = await store.ingest(chunked(pattern(10), 10), {});
    const gone = await store.ingest(chunked(pattern(20), 10), {});
    const late = await store.ingest(chunked(pattern(30), 10), {});
    const removed = await store.collectGarbage(async () => {
      using lease = store.lease();
      lease.hold(late.digest);
      return new Set([kept.digest]);
    });
    assert.deepEqual(removed, [gone]);
    assert.deepEqual(await store.stat(late.digest), late);
  },

  'spares what was held at any time during a collection': async (store) => {
    const infos = await Promise.all(
      Array.from({ length: 5 }, (_, index) => store.ingest(chunked(pattern(index + 1), 10), {})),
    );
    const collecting = store.collectGarbage(new Set());
    const lease = store.lease();
    const late = await store.ingest(chunked(pattern(1000), 10), { lease });
    lease[Symbol.dispose]();
    const removed = await collecting;
    assert.ok(removed.every((info) => infos.some((other) => other.digest === info.digest)));
    assert.deepEqual(await store.stat(late.digest), late);
  },
};

function pattern(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index += 1) bytes[index] = (index * 31 + (index >> 9)) & 0xff;
  return bytes;
}

async function* chunked(bytes: Buffer, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function collectList(store: BlobStore): Promise<Digest[]> {
  const digests: Digest[] = [];
  for await (const { digest } of store.list()) digests.push(digest);
  return digests;
}
