import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '@gantry/base';
import { type Digest, parseDigest } from '@gantry/oci';
import { temporaryRoot } from '@gantry/testkit';
import { FileBlobStore } from './file-blob-store.ts';

const program = path.resolve(import.meta.dirname, '../testing/ingest-until-killed.ts');

describe('a blob store whose process is killed', () => {
  it('has every acknowledged blob whole, no half one, and no leftovers', async () => {
    await using root = await temporaryRoot('content');
    const acknowledged: Digest[] = [];
    for (let round = 0; round < 12; round += 1) {
      acknowledged.push(...(await ingestAndKill(root.path, round, 1 + ((round * 5) % 13))));
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

/** Resolves with what was acknowledged, once the process is gone. */
function ingestAndKill(directory: string, seed: number, lines: number): Promise<Digest[]> {
  const child = spawn(process.execPath, [program, directory, String(seed)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.split('\n').length > lines) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (_code, signal) => {
      if (signal === 'SIGKILL') resolve(output.split('\n').slice(0, -1).map(parseDigest));
      else reject(new Error(`the process ended by itself: ${errors}`));
    });
  });
}
