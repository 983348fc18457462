import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '@gantry/base';
import { type Digest, parseDigest } from '@gantry/oci';
import { runUntilKilled, temporaryRoot } from '@gantry/testkit';
import { FileBlobStore } from './file-blob-store.ts';

const program = path.resolve(import.meta.dirname, '../testing/ingest-until-killed.ts');

describe('a blob store whose process is killed', () => {
  it('has every acknowledged blob whole, no half one, and no leftovers', async () => {
    await using root = await temporaryRoot('content');
    const acknowledged: Digest[] = [];
    for (let round = 0; round < 12; round += 1) {
      const told = await runUntilKilled(program, [root.path, String(round)], 1 + ((round * 5) % 13));
      acknowledged.push(...told.map(parseDigest));
      const store = await FileBlobStore.open({ directory: root.path, logger: silentLogger });
      assert.deepEqual(await readdir(path.join(root.path, 'ingest')), []);
      const found = new Set<Digest>();
      for await (const { digest } of store.list()) {
        await store.readSmall(digest, 4 << 20);
        found.add(digest);
      }
      assert.ok(acknowledged.every((digest) => found.has(digest)));
    }
  });
});
