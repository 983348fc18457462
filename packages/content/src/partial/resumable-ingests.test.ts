import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '@gantry/base';
import { digestHex } from '@gantry/oci';
import { type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import type { BlobSource } from '../blob-store.ts';
import { BlobMismatchError } from '../errors.ts';
import { FileBlobStore } from '../file-blob-store.ts';
import { digestOf } from '../verified-source.ts';

const bytes = Buffer.alloc(3_000_000, 'what goes on ');
const digest = digestOf(bytes);
const expected = { digest, sizeBytes: bytes.length };

function openIn({ path: directory }: TemporaryRoot): Promise<FileBlobStore> {
  return FileBlobStore.open({ directory, logger: silentLogger });
}

/** Gives `bytes` up to `end` and fails then; writes down where it was asked to begin. */
function breakingAt(end: number, asked: number[] = []): BlobSource {
  return async function* (offset) {
    asked.push(offset);
    for (let at = offset; at < Math.min(end, bytes.length); at += 100_000)
      yield bytes.subarray(at, Math.min(at + 100_000, end));
    if (end < bytes.length) throw new Error('the connection broke');
  };
}

describe('an ingest that can be gone on with', () => {
  it('goes on where an earlier one broke, and tells how far it is', async () => {
    await using root = await temporaryRoot('content');
    const store = await openIn(root);
    await assert.rejects(store.ingestResumable(breakingAt(1_000_000), expected), /connection broke/);
    const asked: number[] = [];
    const progress: number[] = [];
    const onProgress = (at: number): void => void progress.push(at);
    await assert.rejects(store.ingestResumable(breakingAt(2_000_000, asked), expected), /connection broke/);
    await store.ingestResumable(breakingAt(bytes.length, asked), { ...expected, onProgress });
    assert.deepEqual(asked, [1_000_000, 2_000_000]);
    assert.deepEqual([progress[0], progress.at(-1)], [2_000_000, bytes.length]);
    assert.deepEqual(await store.readSmall(digest, bytes.length), bytes);
    assert.deepEqual(await readdir(path.join(root.path, 'resumable')), []);
  });

  it('tells how much is in which file, and where it begins anew', async () => {
    await using root = await temporaryRoot('content');
    const store = await openIn(root);
    const file = path.join(root.path, 'resumable', digestHex(digest));
    await writeFile(file, Buffer.alloc(1_000_000));
    const told: number[] = [];
    const read: Buffer[] = [];
    const onStored = (from: string, storedBytes: number): void => {
      told.push(storedBytes);
      assert.equal(from, file);
      if (storedBytes === 0) return;
      const stored = readFileSync(from);
      assert.ok(stored.length >= storedBytes);
      read.push(stored.subarray(0, storedBytes));
    };
    await store.ingestResumable(breakingAt(bytes.length), { ...expected, onStored });
    const anew = told.indexOf(0);
    assert.deepEqual([told[0], told[anew - 1], told.at(-1)], [1_000_000, bytes.length, bytes.length]);
    for (const part of [told.slice(0, anew), told.slice(anew)]) {
      assert.deepEqual(
        part,
        [...part].sort((one, other) => one - other),
      );
    }
    assert.deepEqual(read.at(-1), bytes);
  });

  it('goes on over a restart, also with what is whole already', async () => {
    await using root = await temporaryRoot('content');
    const before = await openIn(root);
    await assert.rejects(before.ingestResumable(breakingAt(1_700_000), expected), /connection broke/);
    const asked: number[] = [];
    await (await openIn(root)).ingestResumable(breakingAt(bytes.length, asked), expected);
    assert.deepEqual(asked, [1_700_000]);
    await using other = await temporaryRoot('content');
    await openIn(other);
    await writeFile(path.join(other.path, 'resumable', digestHex(digest)), bytes);
    const store = await openIn(other);
    await store.ingestResumable(() => assert.fail('nothing is missing'), expected);
    assert.deepEqual(await store.stat(digest), expected);
  });

  it('begins anew when what was kept is not the blob’s beginning', async () => {
    await using root = await temporaryRoot('content');
    const file = path.join(root.path, 'resumable', digestHex(digest));
    for (const kept of [Buffer.alloc(1_000_000), Buffer.alloc(4_000_000), Buffer.alloc(bytes.length)]) {
      const store = await openIn(root);
      await writeFile(file, kept);
      await store.ingestResumable(breakingAt(bytes.length), expected);
      assert.deepEqual(await store.stat(digest), expected);
      await store.collectGarbage(new Set());
    }
    const store = await openIn(root);
    await writeFile(file, Buffer.alloc(10));
    const wrong: BlobSource = async function* () {
      yield Buffer.alloc(bytes.length);
    };
    await assert.rejects(store.ingestResumable(wrong, expected), BlobMismatchError);
    assert.deepEqual(await readdir(path.join(root.path, 'resumable')), []);
  });

  it('waits for another one of the same digest, and goes on for it when that is given up', async () => {
    await using root = await temporaryRoot('content');
    const store = await openIn(root);
    const stop = new AbortController();
    const begun = Promise.withResolvers<void>();
    const hanging: BlobSource = async function* (offset) {
      yield bytes.subarray(offset, 500_000);
      begun.resolve();
      await new Promise(() => {});
    };
    const first = store.ingestResumable(hanging, { ...expected, signal: stop.signal });
    await begun.promise;
    const asked: number[] = [];
    const second = store.ingestResumable(breakingAt(bytes.length, asked), expected);
    const third = store.ingestResumable(breakingAt(bytes.length, asked), expected);
    assert.equal(await store.abandonResumable(), 0);
    stop.abort(new Error('enough'));
    await assert.rejects(first, /enough/);
    await Promise.all([second, third]);
    assert.deepEqual(asked, [500_000]);
  });

  it('is given up after a day, or when that is asked for', async () => {
    await using root = await temporaryRoot('content');
    const store = await openIn(root);
    const file = path.join(root.path, 'resumable', digestHex(digest));
    for (const giveUp of [
      async () => {
        const old = Date.now() / 1000 - 25 * 3600;
        await utimes(file, old, old);
        await openIn(root);
      },
      async () => assert.equal(await store.abandonResumable(), 900_000),
    ]) {
      await assert.rejects(store.ingestResumable(breakingAt(900_000), expected), /connection broke/);
      assert.deepEqual(await readdir(path.dirname(file)), [digestHex(digest)]);
      await giveUp();
      assert.deepEqual(await readdir(path.dirname(file)), []);
    }
  });
});
