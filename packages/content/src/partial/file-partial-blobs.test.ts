import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '@gantry/base';
import { parseDigest } from '@gantry/oci';
import { type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { BlobMismatchError, BlobTooLargeError } from '../errors.ts';
import { FileBlobStore } from '../file-blob-store.ts';
import { digestOf } from '../verified-source.ts';
import { FilePartialBlobs } from './file-partial-blobs.ts';

interface Opened extends AsyncDisposable {
  store: FileBlobStore;
  partials: FilePartialBlobs;
  directory: string;
}

async function openIn(root: TemporaryRoot): Promise<Opened> {
  const directory = path.join(root.path, 'partial');
  const store = await FileBlobStore.open({ directory: root.path, logger: silentLogger });
  const partials = await FilePartialBlobs.open({ directory, store });
  return { store, partials, directory, [Symbol.asyncDispose]: () => root[Symbol.asyncDispose]() };
}

async function opened(): Promise<Opened> {
  return openIn(await temporaryRoot('content'));
}

async function* chunks(...texts: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    if (text instanceof Error) throw text;
    yield Buffer.from(text);
  }
}

describe('a blob that arrives in pieces', () => {
  it('is a blob once its digest is right, and nothing of it is left among the pieces', async () => {
    await using at = await opened();
    const id = randomUUID();
    assert.equal(await at.partials.sizeBytes(id), undefined);
    assert.equal(await at.partials.append(id, chunks('one ', 'two ')), 8);
    assert.equal(await at.partials.append(id, chunks('three')), 13);
    assert.equal((await stat(path.join(at.directory, id))).mode & 0o077, 0);
    using lease = at.store.lease();
    const digest = digestOf(Buffer.from('one two three'));
    assert.deepEqual(await at.partials.commit(id, digest, lease), { digest, sizeBytes: 13 });
    assert.deepEqual(await at.store.readSmall(digest, 100), Buffer.from('one two three'));
    assert.deepEqual(await readdir(at.directory), []);
    assert.deepEqual(await at.store.collectGarbage(new Set()), []);
  });

  it('may be empty', async () => {
    await using at = await opened();
    using lease = at.store.lease();
    const digest = digestOf(Buffer.alloc(0));
    assert.equal((await at.partials.commit(randomUUID(), digest, lease)).sizeBytes, 0);
  });

  it('goes on where a source broke, in this process and in the next', async () => {
    await using root = await temporaryRoot('content');
    const id = randomUUID();
    const first = await openIn(root);
    await assert.rejects(first.partials.append(id, chunks('one ', new Error('gone'))), /gone/);
    assert.equal(await first.partials.sizeBytes(id), 4);
    await first.partials.append(id, chunks('two '));
    const { store, partials } = await openIn(root);
    assert.equal(await partials.sizeBytes(id), 8);
    await partials.append(id, chunks('three'));
    using lease = store.lease();
    const { sizeBytes } = await partials.commit(id, digestOf(Buffer.from('one two three')), lease);
    assert.equal(sizeBytes, 13);
  });

  it('is thrown away when it is not what it is said to be', async () => {
    await using at = await opened();
    const id = randomUUID();
    await at.partials.append(id, chunks('this'));
    using lease = at.store.lease();
    const other = parseDigest(`sha256:${'0'.repeat(64)}`);
    await assert.rejects(at.partials.commit(id, other, lease), BlobMismatchError);
    assert.deepEqual(await readdir(at.directory), []);
    assert.equal(await at.store.stat(other), undefined);
  });

  it('does not grow past its bound, whatever the pieces', async () => {
    await using at = await opened();
    const id = randomUUID();
    await at.partials.append(id, chunks('12345'), { maxBytes: 8 });
    await assert.rejects(at.partials.append(id, chunks('678', '9'), { maxBytes: 8 }), BlobTooLargeError);
    assert.equal(await at.partials.sizeBytes(id), 8);
  });

  it('stops at once when it is told to, even while its source hangs', async () => {
    await using at = await opened();
    const id = randomUUID();
    const controller = new AbortController();
    const hanging = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('1234');
      controller.abort(new Error('enough'));
      await new Promise(() => {});
    };
    await assert.rejects(at.partials.append(id, hanging(), { signal: controller.signal }), /enough/);
    assert.equal(await at.partials.sizeBytes(id), 4);
  });

  it('is listed until it is removed, and a name that is no id leads nowhere', async () => {
    await using at = await opened();
    const id = randomUUID();
    await at.partials.append(id, chunks('x'));
    const listed: string[] = [];
    for await (const partial of at.partials.list()) listed.push(partial.id);
    assert.deepEqual(listed, [id]);
    await at.partials.remove(id);
    await at.partials.remove(id);
    assert.deepEqual(await readdir(at.directory), []);
    await assert.rejects(at.partials.append('../../etc/passwd', chunks('x')), TypeError);
  });
});
