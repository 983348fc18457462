import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { ManualClock } from '@gantry/base/testing';
import {
  digestOf,
  makeManifest,
  pushBlob,
  pushImage,
  putManifest,
  startTestRegistry,
  type TestRegistry,
} from '../../testing/index.ts';

const graceMs = 3600_000;

async function opened(clock: ManualClock): Promise<TestRegistry> {
  return await startTestRegistry({ storage: { clock, graceMs } });
}

async function blobCount({ directory }: TestRegistry): Promise<number> {
  return (await readdir(path.join(directory, 'content/blobs/sha256'))).length;
}

describe('garbage collection', () => {
  test('takes what no manifest names once the grace time is over, and the bytes with the last repository', async () => {
    const clock = new ManualClock();
    await using registry = await opened(clock);
    await pushImage(registry, 'a', { tag: 'v1', layer: 'kept' });
    await pushBlob(registry, 'a', 'unused');
    await pushBlob(registry, 'b', 'kept');
    const none = { unlinkedBlobs: 0, removedBlobs: 0, removedBytes: 0, removedRepositories: 0 };
    assert.deepEqual(await registry.storage.collectGarbage(), none);
    await clock.advance(3 * graceMs);
    assert.deepEqual(await registry.storage.collectGarbage(), {
      unlinkedBlobs: 2,
      removedBlobs: 1,
      removedBytes: 'unused'.length,
      removedRepositories: 1,
    });
    assert.equal(await blobCount(registry), 3);
    assert.equal((await registry.ask('/v2/a/manifests/v1')).status, 200);
    assert.equal((await registry.ask(`/v2/a/blobs/${digestOf('kept')}`)).status, 200);
    assert.equal((await registry.ask(`/v2/b/blobs/${digestOf('kept')}`)).status, 404);
    assert.deepEqual(await registry.storage.collectGarbage(), none);
  });

  test('takes a removed manifest and its blobs', async () => {
    const clock = new ManualClock();
    await using registry = await opened(clock);
    const { digest } = await pushImage(registry, 'a', { tag: 'v1' });
    await clock.advance(3 * graceMs);
    await registry.ask(`/v2/a/manifests/${digest}`, { method: 'DELETE' });
    const { removedBlobs, removedRepositories } = await registry.storage.collectGarbage();
    assert.deepEqual({ removedBlobs, removedRepositories }, { removedBlobs: 3, removedRepositories: 1 });
    assert.equal(await blobCount(registry), 0);
    assert.deepEqual(await (await registry.ask('/v2/_catalog')).json(), { repositories: [] });
  });

  test('spares a blob that a client was told of: it will not send it', async () => {
    const clock = new ManualClock();
    await using registry = await opened(clock);
    await pushBlob(registry, 'a', '{}');
    await pushBlob(registry, 'a', 'old');
    await pushBlob(registry, 'a', 'older');
    await clock.advance(3 * graceMs);
    for (const text of ['{}', 'old']) {
      const path = `/v2/a/blobs/${digestOf(text)}`;
      assert.equal((await registry.ask(path, { method: 'HEAD' })).status, 200);
    }
    assert.equal((await registry.storage.collectGarbage()).unlinkedBlobs, 1);
    const manifest = makeManifest('{}', 'old');
    assert.equal((await putManifest(registry, '/v2/a/manifests/v1', manifest)).status, 201);
    await clock.advance(5 * graceMs);
    assert.equal((await registry.storage.collectGarbage()).unlinkedBlobs, 0);
  });

  test('leaves pushes alone that go on meanwhile', async () => {
    const clock = new ManualClock();
    await using registry = await opened(clock);
    await clock.advance(3 * graceMs);
    const pushed = new AbortController();
    const collecting = (async () => {
      while (!pushed.signal.aborted) await registry.storage.collectGarbage();
    })();
    const pushing = Array.from({ length: 4 }, async (_, pusher) => {
      for (let round = 0; round < 15; round += 1) {
        const layer = `layer ${round} of ${pusher % 2}`;
        const { text } = await pushImage(registry, `r${pusher}`, { tag: `v${round}`, layer });
        assert.equal(await (await registry.ask(`/v2/r${pusher}/manifests/v${round}`)).text(), text);
        assert.equal(await (await registry.ask(`/v2/r${pusher}/blobs/${digestOf(layer)}`)).text(), layer);
      }
    });
    await Promise.all(pushing);
    pushed.abort();
    await collecting;
    for (let pusher = 0; pusher < 4; pusher += 1) {
      for (let round = 0; round < 15; round += 1) {
        const layer = `layer ${round} of ${pusher % 2}`;
        assert.equal(await (await registry.ask(`/v2/r${pusher}/blobs/${digestOf(layer)}`)).text(), layer);
      }
    }
  });
});
