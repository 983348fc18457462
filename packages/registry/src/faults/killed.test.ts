import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  digestOf,
  killsOf,
  makeManifest,
  passesOf,
  problemsIn,
  registryRoot,
  Served,
  startTestRegistry,
  type TestManifest,
} from '../../testing/index.ts';

/** Of each repository its own: what is stored already takes a shorter way. */
function contentOf(repository: string): { config: string; layer: string; manifest: TestManifest } {
  const config = JSON.stringify({ repository });
  const layer = `a layer of ${repository} that survives`.repeat(1000);
  return { config, layer, manifest: makeManifest(config, layer) };
}

const unused = 'unused';

/** Step by step; each is acknowledged by an answer. */
async function push(
  registry: Pick<Served, 'ask'>,
  repository: string,
  acknowledged: Set<string>,
): Promise<void> {
  const expect = async (response: Response, status: number): Promise<Response> => {
    assert.equal(response.status, status, await response.clone().text());
    return response;
  };
  const { config, layer, manifest } = contentOf(repository);
  for (const text of [config, layer]) {
    const begun = await expect(
      await registry.ask(`/v2/${repository}/blobs/uploads/`, { method: 'POST' }),
      202,
    );
    const location = begun.headers.get('location') ?? '';
    const half = Math.floor(text.length / 2);
    await expect(await registry.ask(location, { method: 'PATCH', body: text.slice(0, half) }), 202);
    const query = `?digest=${digestOf(text)}`;
    await expect(await registry.ask(location + query, { method: 'PUT', body: text.slice(half) }), 201);
    acknowledged.add(text);
  }
  const { mediaType, text } = manifest;
  const headers = { 'Content-Type': mediaType };
  const target = `/v2/${repository}/manifests/v1`;
  await expect(await registry.ask(target, { method: 'PUT', headers, body: text }), 201);
  acknowledged.add(text);
}

/** What was acknowledged is there; and what is there is whole. */
async function assertHas(
  registry: Pick<Served, 'ask'>,
  repository: string,
  acknowledged: ReadonlySet<string>,
): Promise<void> {
  const { config, layer, manifest } = contentOf(repository);
  for (const [target, text] of [
    [`blobs/${digestOf(config)}`, config],
    [`blobs/${digestOf(layer)}`, layer],
    ['manifests/v1', manifest.text],
  ] as const) {
    const response = await registry.ask(`/v2/${repository}/${target}`);
    const got = await response.text();
    if (acknowledged.has(text)) assert.equal(response.status, 200, `${repository} ${target}`);
    if (response.status === 200) assert.equal(got, text);
  }
}

async function has(registry: Pick<Served, 'ask'>, repository: string): Promise<boolean> {
  return (await registry.ask(`/v2/${repository}/manifests/v1`)).status === 200;
}

describe('a registry whose process is killed', () => {
  test('at any step of a push has all that was acknowledged, and takes the push again', async () => {
    await using root = await registryRoot();
    const passes = await passesOf(root.path, (registry) => push(registry, 'r', new Set()));
    const kills = killsOf(passes);
    for (const name of ['push/upload-appended', 'partial-blob/adopted', 'push/manifest-stored']) {
      assert.ok(
        kills.some(([point]) => point === name),
        name,
      );
    }
    let before: { repository: string; acknowledged: Set<string> } | undefined;
    for (const [index, kill] of [...kills, undefined].entries()) {
      assert.deepEqual(await problemsIn(root.path), []);
      await using registry = await Served.start(root.path, kill);
      if (before !== undefined) await assertHas(registry, before.repository, before.acknowledged);
      before = { repository: `r${index}`, acknowledged: new Set() };
      const pushed = push(registry, before.repository, before.acknowledged);
      if (kill === undefined) await pushed;
      else await assert.rejects(pushed, `killed at ${kill.join(' ')}`);
    }
    await using registry = await Served.start(root.path);
    for (const [index] of kills.entries()) {
      const all = new Set<string>();
      await push(registry, `r${index}`, all);
      await assertHas(registry, `r${index}`, all);
    }
    assert.deepEqual(await readdir(path.join(root.path, 'content/ingest')), []);
  });

  test('at any step of a collection keeps what is named, and collects the rest the next time', async () => {
    await using root = await registryRoot();
    const all = new Set<string>();
    const addUnused = async (registry: Served): Promise<void> => {
      const target = `/v2/r/blobs/uploads/?digest=${digestOf(unused)}`;
      assert.equal((await registry.ask(target, { method: 'POST', body: unused })).status, 201);
    };
    const passes = await passesOf(root.path, async (registry) => {
      await push(registry, 'r', all);
      await addUnused(registry);
      await registry.collect();
    });
    for (const kill of killsOf(passes).filter(([point]) => point.startsWith('collect/'))) {
      await using registry = await Served.start(root.path, kill);
      await addUnused(registry);
      await assert.rejects(registry.collect(), /the registry died/);
      await registry.died();
      assert.deepEqual(await problemsIn(root.path), []);
    }
    await using registry = await Served.start(root.path);
    await assertHas(registry, 'r', all);
    await registry.collect();
    await assertHas(registry, 'r', all);
    assert.equal((await readdir(path.join(root.path, 'content/blobs/sha256'))).length, 3);
  });

  test('at any step of a fetch from another registry gives all of it the next time', async () => {
    await using upstream = await startTestRegistry();
    await using root = await registryRoot({ cache: [{ registry: upstream.host, insecure: true }] });
    const all = new Set<string>();
    const asked = async (registry: Served, repository: string): Promise<void> => {
      await push(upstream, repository, all);
      assert.ok(await has(registry, repository));
      await assertHas(registry, repository, all);
    };
    const kills = killsOf(await passesOf(root.path, (registry) => asked(registry, 'r')));
    for (const name of ['push/manifest-stored', 'push/manifest-written', 'blob/stored', 'blob/linked']) {
      assert.ok(
        kills.some(([point]) => point === name),
        name,
      );
    }
    for (const [index, kill] of kills.entries()) {
      {
        await using registry = await Served.start(root.path, kill);
        // The one who asked may have his answer by then.
        await asked(registry, `r${index}`).catch(() => {});
        await registry.died();
      }
      assert.deepEqual(await problemsIn(root.path), []);
      await using registry = await Served.start(root.path);
      await asked(registry, `r${index}`);
    }
  });

  test('at any step of sending content on sends all of it after the next start', async () => {
    await using target = await startTestRegistry();
    const replication = [{ name: 'copy', registry: target.host, insecure: true }];
    await using root = await registryRoot({ replication });
    const all = new Set<string>();
    const sent = async (registry: Served, repository: string): Promise<void> => {
      await push(registry, repository, all);
      while (!(await has(target, repository))) await has(registry, repository);
    };
    const passes = await passesOf(root.path, async (registry) => {
      await sent(registry, 'r');
      // Acknowledged events are told before the next one.
      await sent(registry, 'r-next');
    });
    const kills = killsOf(passes).filter(([point]) => point.startsWith('replicate/'));
    assert.deepEqual(kills.map(([point]) => point).sort(), [
      'replicate/acknowledged',
      'replicate/blob-sent',
      'replicate/manifest-sent',
    ]);
    for (const [index, [point]] of kills.entries()) {
      const repository = `r${index}`;
      {
        await using registry = await Served.start(root.path, [point, '1']);
        await sent(registry, repository).catch(() => {});
        await registry.died();
      }
      await using registry = await Served.start(root.path);
      // It may have died of what was left from before.
      await sent(registry, repository);
      await assertHas(registry, repository, all);
      await assertHas(target, repository, all);
    }
  });
});
