import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { digestOf, pushBlob, pushImage, startTestRegistry, type TestRegistry } from '../../testing/index.ts';
import type { CheckOptions } from './check-storage.ts';

async function problemsOf({ storage }: TestRegistry, options: Partial<CheckOptions> = {}): Promise<string[]> {
  const problems = await Array.fromAsync(storage.check({ readsContent: false, repairs: false, ...options }));
  return problems.map(({ subject, problem }) => `${subject}: ${problem}`).sort();
}

function fileOf({ directory }: TestRegistry, digest: string): string {
  return path.join(directory, 'content/blobs/sha256', digest.replace('sha256:', ''));
}

describe('a registry is checked', () => {
  test('and has no problem after pushes, deletions and a collection', async () => {
    await using registry = await startTestRegistry({ storage: { graceMs: 0 } });
    const first = await pushImage(registry, 'team/app', { tag: 'v1' });
    await pushImage(registry, 'team/app', { tag: 'v2' });
    const subject = { mediaType: first.mediaType, digest: first.digest, size: first.text.length };
    const { digest } = await pushImage(registry, 'team/app', { tag: 'about', extra: { subject } });
    await pushImage(registry, 'team/app', { tag: 'about', layer: 'another' });
    assert.deepEqual(await problemsOf(registry, { readsContent: true }), []);
    await registry.ask(`/v2/team/app/manifests/${digest}`, { method: 'DELETE' });
    await registry.storage.collectGarbage();
    assert.deepEqual(await problemsOf(registry, { readsContent: true }), []);
  });

  test('for blobs and manifests that the disk lost, and mended by a push after the repair', async () => {
    await using registry = await startTestRegistry();
    const { digest } = await pushImage(registry, 'team/app', { tag: 'v1', layer: 'one' });
    await pushImage(registry, 'team/other', { tag: 'v1', layer: 'one' });
    await pushImage(registry, 'team/app', { tag: 'v2', layer: 'two' });
    await rm(fileOf(registry, digestOf('one')));
    await rm(fileOf(registry, digest));
    const lost = [
      `team/app@${digest}: a manifest that is not on the disk`,
      `team/app@${digestOf('one')}: a blob that is not on the disk`,
      `team/other@${digest}: a manifest that is not on the disk`,
      `team/other@${digestOf('one')}: a blob that is not on the disk`,
    ].sort();
    assert.deepEqual(await problemsOf(registry), lost);
    assert.deepEqual(await problemsOf(registry, { repairs: true }), lost);
    assert.deepEqual(await problemsOf(registry), []);
    assert.equal((await registry.ask('/v2/team/app/manifests/v1')).status, 404);
    assert.equal((await registry.ask('/v2/team/app/manifests/v2')).status, 200);
    await pushImage(registry, 'team/app', { tag: 'v1', layer: 'one' });
    assert.deepEqual(await problemsOf(registry, { readsContent: true }), []);
  });

  test('for bytes of another size, and of another digest where content is read', async () => {
    await using registry = await startTestRegistry();
    const [short, turned] = [await pushBlob(registry, 'a', 'short'), await pushBlob(registry, 'a', 'turned')];
    await writeFile(fileOf(registry, short), 'sho');
    await writeFile(fileOf(registry, turned), 'denrut');
    const size = `a@${short}: a blob that is of 3 bytes, not 5`;
    assert.deepEqual(await problemsOf(registry), [size]);
    assert.deepEqual(
      await problemsOf(registry, { readsContent: true }),
      [
        `a@${short}: a blob that has other bytes than its digest says`,
        `a@${turned}: a blob that has other bytes than its digest says`,
      ].sort(),
    );
  });
});
