import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '@gantry/base';
import { mount, umount } from '@gantry/kernel';
import { LeakCheck, temporaryRoot } from '@gantry/testkit';
import { BlobStorageFullError } from './errors.ts';
import { FileBlobStore } from './file-blob-store.ts';
import { digestOf } from './verified-source.ts';

describe('a blob store on a full disk', () => {
  it('refuses the blob with a clear error, leaves nothing of it, and goes on', async () => {
    assert.equal(process.getuid?.(), 0);
    await using root = await temporaryRoot('content');
    await using _leaks = await LeakCheck.begin({ tag: root.path });
    const disk = path.join(root.path, 'disk');
    await mkdir(disk);
    mount({ source: 'tmpfs', target: disk, type: 'tmpfs', data: 'size=4m' });
    try {
      const store = await FileBlobStore.open({ directory: disk, logger: silentLogger });
      const small = await store.ingest(bytesOf(1), {});
      const attempts = [{}, { sizeBytes: 8 << 20 }].map((expected) =>
        assert.rejects(store.ingest(bytesOf(8), expected), BlobStorageFullError),
      );
      await Promise.all(attempts);
      const digest = digestOf(Buffer.alloc(8 << 20, 8));
      const resumable = store.ingestResumable(() => bytesOf(8), { digest, sizeBytes: 8 << 20 });
      await assert.rejects(resumable, BlobStorageFullError);
      for (const name of ['ingest', 'resumable'])
        assert.deepEqual(await readdir(path.join(disk, name)), [], name);
      assert.deepEqual(await store.stat(small.digest), small);
      const other = await store.ingest(bytesOf(2), {});
      assert.equal((await store.readSmall(other.digest, 4 << 20)).length, 2 << 20);
    } finally {
      await umount(disk);
    }
  });
});

async function* bytesOf(mebibytes: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < mebibytes * 16; index += 1) yield Buffer.alloc(65536, mebibytes);
}
