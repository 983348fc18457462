import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  digestOf,
  problemOf,
  pushImage,
  startTestRegistry,
  type TestManifest,
  type TestRegistry,
} from '../../testing/index.ts';
import { healthRoutes } from '../health/health-routes.ts';
import { browseRoutes } from './browse-routes.ts';

const start = { services: { routes: [...browseRoutes, ...healthRoutes] } };
let registry: TestRegistry;
let image: TestManifest;

before(async () => {
  registry = await startTestRegistry(start);
  image = await pushImage(registry, 'team/app', { tag: 'v1', layer: 'twelve bytes' });
  await pushImage(registry, 'team/app', { tag: 'v2', layer: 'other' });
  await pushImage(registry, 'team/tags', { tag: 'latest', layer: 'x' });
});
after(() => registry[Symbol.asyncDispose]());

async function get<T>(target: string): Promise<T> {
  const response = await registry.ask(target);
  assert.equal(response.status, 200, target);
  return (await response.json()) as T;
}

describe('the browse API', () => {
  test('lists repositories with their times, in pages', async () => {
    const { repositories } = await get<{ repositories: { name: string; pushedAt: string }[] }>(
      '/api/v1/repositories',
    );
    assert.deepEqual(
      repositories.map(({ name }) => name),
      ['team/app', 'team/tags'],
    );
    assert.ok(Date.parse(repositories[0]?.pushedAt ?? '') > 0);
    const { headers } = await registry.ask('/api/v1/repositories?n=1');
    assert.match(headers.get('link') ?? '', /last=team%2Fapp/);
  });

  test('tells what a repository holds and takes, whatever its name', async () => {
    const found = await get<Record<string, unknown>>('/api/v1/repositories/team/app');
    const manifests = image.text.length * 2 - 'twelve bytes'.length + 'other'.length;
    assert.deepEqual(
      [found['name'], found['tags'], found['manifests'], found['blobs']],
      ['team/app', 2, 2, 3],
    );
    assert.ok(
      Number(found['sizeBytes']) > 2 + 'twelve bytesother'.length &&
        Number(found['sizeBytes']) <= manifests + 40,
    );
    assert.equal((await get<{ name: string }>('/api/v1/repositories/team/tags')).name, 'team/tags');
  });

  test('lists tags and manifests, and shows one with its layers', async () => {
    const { tags } = await get<{ tags: { tag: string; digest: string }[] }>(
      '/api/v1/repositories/team/app/_tags',
    );
    assert.deepEqual(
      tags.map(({ tag }) => tag),
      ['v1', 'v2'],
    );
    assert.equal(tags[0]?.digest, image.digest);
    const { manifests } = await get<{
      manifests: { digest: string; tags: string[]; contentBytes: number }[];
    }>('/api/v1/repositories/team/app/_manifests');
    const listed = manifests.find(({ digest }) => digest === image.digest);
    assert.deepEqual(listed?.tags, ['v1']);
    assert.equal(listed?.contentBytes, 2 + 'twelve bytes'.length);
    for (const reference of ['v1', image.digest]) {
      const shown = await get<{ references: { role: string; digest: string; sizeBytes: number }[] }>(
        `/api/v1/repositories/team/app/_manifests/${reference}`,
      );
      assert.deepEqual(
        shown.references.map(({ role, digest, sizeBytes }) => [role, digest, sizeBytes]),
        [
          ['config', digestOf('{}'), 2],
          ['layer', digestOf('twelve bytes'), 12],
        ],
      );
    }
  });

  test('says what is not there, and what is no name', async () => {
    assert.deepEqual(await problemOf(await registry.ask('/api/v1/repositories/team/none')), [
      404,
      'NAME_UNKNOWN',
    ]);
    const unknown = await registry.ask('/api/v1/repositories/team/app/_manifests/v9');
    assert.deepEqual(await problemOf(unknown), [404, 'MANIFEST_UNKNOWN']);
    assert.deepEqual(await problemOf(await registry.ask('/api/v1/repositories/TEAM')), [400, 'NAME_INVALID']);
  });

  test('notes when something was pulled', async () => {
    await registry.ask('/v2/team/tags/manifests/latest');
    const { storage } = registry;
    assert.equal(storage.repositories.get('team/tags')?.pulledAt, undefined);
    await using again = await startTestRegistry(start);
    await pushImage(again, 'a', { tag: 'v1' });
    await again.ask('/v2/a/manifests/v1');
    again.storage.writePullTimes();
    assert.ok(again.storage.tags.get('a', 'v1')?.pulledAt);
    assert.ok(again.storage.repositories.get('a')?.pulledAt);
  });

  test('collects garbage when it is asked to', async () => {
    const response = await registry.ask('/api/v1/garbage-collection', { method: 'POST' });
    assert.deepEqual(await response.json(), {
      unlinkedBlobs: 0,
      removedBlobs: 0,
      removedBytes: 0,
      removedRepositories: 0,
    });
  });
});

describe('health', () => {
  test('is told to anybody, and a registry that cannot store is not ready', async () => {
    await using other = await startTestRegistry(start);
    assert.equal((await other.ask('/healthz')).status, 200);
    assert.equal((await other.ask('/readyz')).status, 200);
    await rm(path.join(other.directory, 'content/ingest'), { recursive: true });
    const response = await other.ask('/readyz');
    assert.equal(response.status, 503);
    assert.match(await response.text(), /not ready.*ingest/);
    assert.equal((await other.ask('/healthz')).status, 200);
  });
});
