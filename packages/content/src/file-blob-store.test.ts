import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { type LogFields, type Logger, silentLogger } from '@gantry/base';
import { type Digest, InvalidDigestError } from '@gantry/oci';
import { temporaryRoot } from '@gantry/testkit';
import { blobStoreConformance } from '../testing/index.ts';
import { BlobMismatchError } from './errors.ts';
import { FileBlobStore } from './file-blob-store.ts';

const logger = silentLogger;

blobStoreConformance('FileBlobStore', async () => {
  const root = await temporaryRoot('content');
  const store = await FileBlobStore.open({ directory: path.join(root.path, 'content'), logger });
  return {
    store,
    [Symbol.asyncDispose]: async () => {
      const left = await readdir(path.join(root.path, 'content', 'ingest'));
      await root[Symbol.asyncDispose]();
      assert.deepEqual(left, [], 'temporary files were left behind');
    },
  };
});

describe('a directory of blobs', () => {
  it('is for its owner alone', async () => {
    await using root = await temporaryRoot('content');
    const directory = path.join(root.path, 'content');
    const store = await FileBlobStore.open({ directory, logger });
    const { digest } = await store.ingest(bytesOf('secret'), {});
    for (const name of ['ingest', 'blobs', 'blobs/sha256']) {
      assert.equal((await stat(path.join(directory, name))).mode & 0o077, 0, name);
    }
    assert.equal((await stat(store.path(digest))).mode & 0o077, 0);
  });

  it('keeps its blobs over a restart and drops what was half written, saying so', async () => {
    await using root = await temporaryRoot('content');
    const directory = path.join(root.path, 'content');
    const before = await FileBlobStore.open({ directory, logger });
    const info = await before.ingest(bytesOf('kept'), {});
    await writeFile(path.join(directory, 'ingest', 'half'), 'xx');
    const lines: LogFields[] = [];
    const recording: Logger = { ...silentLogger, info: (_message, fields) => void lines.push(fields ?? {}) };
    const after = await FileBlobStore.open({ directory, logger: recording });
    assert.deepEqual(await readdir(path.join(directory, 'ingest')), []);
    assert.equal(lines[0]?.['count'], 1);
    assert.deepEqual(await after.stat(info.digest), info);
  });

  it('leaves foreign files alone and does not list them', async () => {
    await using root = await temporaryRoot('content');
    const store = await FileBlobStore.open({ directory: root.path, logger });
    await writeFile(path.join(root.path, 'blobs/sha256/README'), 'x');
    await mkdir(path.join(root.path, 'blobs/sha256/sub'));
    assert.deepEqual(await store.collectGarbage(new Set()), []);
    for await (const info of store.list()) assert.fail(info.digest);
    assert.deepEqual((await readdir(path.join(root.path, 'blobs/sha256'))).sort(), ['README', 'sub']);
  });

  it('notices a blob that was changed on disk when it reads it whole', async () => {
    await using root = await temporaryRoot('content');
    const store = await FileBlobStore.open({ directory: root.path, logger });
    const { digest } = await store.ingest(bytesOf('{"schemaVersion":2}'), {});
    await chmod(store.path(digest), 0o600);
    await writeFile(store.path(digest), '{"schemaVersion":3}');
    await assert.rejects(store.readSmall(digest, 100), BlobMismatchError);
  });

  it('cannot be led outside by what was never checked to be a digest', async () => {
    await using root = await temporaryRoot('content');
    const store = await FileBlobStore.open({ directory: root.path, logger });
    for (const text of [
      'sha256:../../../etc/passwd',
      'sha256:',
      `md5:${'a'.repeat(64)}`,
      '../x',
    ] as Digest[]) {
      assert.throws(() => store.path(text), InvalidDigestError);
      await assert.rejects(store.readSmall(text, 100), InvalidDigestError);
      await assert.rejects(store.ingest(bytesOf('x'), { digest: text }), InvalidDigestError);
    }
  });
});

describe('a store beside another one', () => {
  it('takes over what the other has by a link, without reading the source', async () => {
    await using root = await temporaryRoot('content');
    const [ours, theirs] = [path.join(root.path, 'ours'), path.join(root.path, 'theirs')];
    const other = await FileBlobStore.open({ directory: theirs, logger });
    const { digest, sizeBytes } = await other.ingest(bytesOf('shared'), {});
    const store = await FileBlobStore.open({ directory: ours, logger, neighbours: ['/nowhere', theirs] });
    assert.equal(await store.stat(digest), undefined);
    assert.deepEqual(await store.ingest(unread(), { digest, sizeBytes }), { digest, sizeBytes });
    assert.equal((await stat(store.path(digest))).ino, (await stat(other.path(digest))).ino);
    await other.collectGarbage(new Set());
    assert.equal((await store.readSmall(digest, 100)).toString(), 'shared');
  });

  it('does not believe a name: what is damaged there, or leads elsewhere, is fetched', async () => {
    await using root = await temporaryRoot('content');
    const [ours, theirs] = [path.join(root.path, 'ours'), path.join(root.path, 'theirs')];
    const other = await FileBlobStore.open({ directory: theirs, logger });
    const damaged = await other.ingest(bytesOf('damaged'), {});
    await writeFile(other.path(damaged.digest), 'changed');
    const linked = await other.ingest(bytesOf('linked'), {});
    await rename(other.path(linked.digest), path.join(root.path, 'elsewhere'));
    await symlink(path.join(root.path, 'elsewhere'), other.path(linked.digest));
    const store = await FileBlobStore.open({ directory: ours, logger, neighbours: [theirs] });
    for (const [text, { digest }] of [
      ['damaged', damaged],
      ['linked', linked],
    ] as const) {
      await store.ingest(bytesOf(text), { digest });
      assert.equal((await store.readSmall(digest, 100)).toString(), text);
      assert.equal((await stat(store.path(digest))).nlink, 1);
    }
    assert.deepEqual(await readdir(path.join(ours, 'ingest')), []);
  });
});

async function* unread(): AsyncGenerator<Uint8Array> {
  yield assert.fail('the source was read');
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
