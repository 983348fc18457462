import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Descriptor, mediaTypes } from '@gantry/oci';
import {
  digestOf,
  makeManifest,
  pushBlob,
  pushImage,
  putManifest,
  startTestRegistry,
  type TestManifest,
  type TestRegistry,
} from '../../testing/index.ts';

const tags = ['10', '9', 'B', 'a', 'b', 'latest'];
let registry: TestRegistry;
let image: TestManifest;

before(async () => {
  registry = await startTestRegistry();
  for (const tag of tags.toReversed()) image = await pushImage(registry, 'team/app', { tag, layer: 'x' });
  for (const name of ['a', 'a/b', 'a-b', 'team/b']) await pushImage(registry, name, { tag: 'v1' });
});
after(() => registry[Symbol.asyncDispose]());

/** All pages, as the `Link` headers lead. */
async function pages<T>(first: string): Promise<T[]> {
  const found: T[] = [];
  for (let path: string | undefined = first; path !== undefined; ) {
    const response = await registry.ask(path);
    assert.equal(response.status, 200, path);
    found.push((await response.json()) as T);
    path = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
  }
  return found;
}

describe('the list of tags', () => {
  test('is in lexical order', async () => {
    const response = await registry.ask('/v2/team/app/tags/list');
    assert.deepEqual(await response.json(), { name: 'team/app', tags });
    assert.equal(response.headers.get('link'), null);
  });

  test('comes in pages of the length that is asked for', async () => {
    const found = await pages<{ tags: string[] }>('/v2/team/app/tags/list?n=4');
    assert.deepEqual(
      found.map((page) => page.tags),
      [tags.slice(0, 4), tags.slice(4)],
    );
    const exact = await pages<{ tags: string[] }>('/v2/team/app/tags/list?n=3');
    assert.equal(exact.length, 2);
  });

  test('goes on after a tag, whether that is there or not', async () => {
    for (const last of ['B', 'Zebra']) {
      const response = await registry.ask(`/v2/team/app/tags/list?last=${last}&n=2`);
      assert.deepEqual(await response.json(), { name: 'team/app', tags: ['a', 'b'] });
    }
  });

  test('is empty when none is asked for, and refuses what is no number', async () => {
    assert.deepEqual(await (await registry.ask('/v2/team/app/tags/list?n=0')).json(), {
      name: 'team/app',
      tags: [],
    });
    for (const n of ['-1', 'x', '1e3', '1.5', '9'.repeat(30)]) {
      assert.equal((await registry.ask(`/v2/team/app/tags/list?n=${n}`)).status, 400, n);
    }
  });
});

describe('the catalog', () => {
  const names = ['a', 'a-b', 'a/b', 'team/app', 'team/b'];

  test('lists the repositories, in pages', async () => {
    const all = await pages<{ repositories: string[] }>('/v2/_catalog');
    assert.deepEqual(all, [{ repositories: names }]);
    const found = await pages<{ repositories: string[] }>('/v2/_catalog?n=2');
    assert.deepEqual(
      found.flatMap(({ repositories }) => repositories),
      names,
    );
    assert.ok(found.every(({ repositories }) => repositories.length <= 2));
  });

  test('gives no more than its bound, whatever is asked for', async () => {
    const response = await registry.ask('/v2/_catalog?n=999999999999999999');
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { repositories: names });
  });
});

describe('referrers', () => {
  async function refer(
    artifactType: string | undefined,
    subject: string,
    note: string,
  ): Promise<TestManifest> {
    const config = artifactType === undefined ? `config of ${note}` : '{}';
    await pushBlob(registry, 'team/app', config);
    const manifest = makeManifest(config, 'x', {
      ...(artifactType === undefined ? {} : { artifactType }),
      subject: { mediaType: mediaTypes.manifest, digest: subject, size: 10 },
      annotations: { note },
    });
    const pushed = await putManifest(registry, `/v2/team/app/manifests/${manifest.digest}`, manifest);
    assert.equal(pushed.status, 201);
    assert.equal(pushed.headers.get('oci-subject'), subject);
    return manifest;
  }

  async function listed(
    path: string,
  ): Promise<{ digests: string[]; response: Response; manifests: Descriptor[] }> {
    const response = await registry.ask(path);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), mediaTypes.index);
    const index = (await response.json()) as {
      schemaVersion: number;
      mediaType: string;
      manifests: Descriptor[];
    };
    assert.equal(index.schemaVersion, 2);
    assert.equal(index.mediaType, mediaTypes.index);
    return { digests: index.manifests.map(({ digest }) => digest), response, manifests: index.manifests };
  }

  test('are listed with what they are, and by their type', async () => {
    const signature = await refer('application/x.signature', image.digest, 'signed');
    const sbom = await refer('application/x.sbom', image.digest, 'listed');
    const plain = await refer(undefined, image.digest, 'plain');
    const path = `/v2/team/app/referrers/${image.digest}`;
    const all = await listed(path);
    assert.deepEqual(all.digests, [signature.digest, sbom.digest, plain.digest].toSorted());
    assert.deepEqual(
      all.manifests.find(({ digest }) => digest === signature.digest),
      {
        mediaType: mediaTypes.manifest,
        digest: signature.digest,
        size: signature.text.length,
        artifactType: 'application/x.signature',
        annotations: { note: 'signed' },
      },
    );
    const some = await listed(`${path}?artifactType=application/x.sbom`);
    assert.deepEqual(some.digests, [sbom.digest]);
    assert.equal(some.response.headers.get('oci-filters-applied'), 'artifactType');
    const byConfig = await listed(`${path}?artifactType=${encodeURIComponent(mediaTypes.config)}`);
    assert.deepEqual(byConfig.digests, [plain.digest]);
  });

  test('may come before their subject, and go with themselves', async () => {
    const subject = digestOf('comes later');
    const path = `/v2/team/app/referrers/${subject}`;
    assert.deepEqual((await listed(path)).digests, []);
    const early = await refer('application/x.early', subject, 'early');
    assert.deepEqual((await listed(path)).digests, [early.digest]);
    await registry.ask(`/v2/team/app/manifests/${early.digest}`, { method: 'DELETE' });
    assert.deepEqual((await listed(path)).digests, []);
    assert.equal((await registry.ask('/v2/team/app/referrers/sha256:x')).status, 400);
  });

  test('of a client that keeps them by tag are stored like any index', async () => {
    const index = {
      mediaType: mediaTypes.index,
      text: JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.index,
        manifests: [{ mediaType: mediaTypes.manifest, digest: image.digest, size: image.text.length }],
      }),
    };
    const tag = image.digest.replace(':', '-');
    assert.equal((await putManifest(registry, `/v2/team/app/manifests/${tag}`, index)).status, 201);
    assert.equal(await (await registry.ask(`/v2/team/app/manifests/${tag}`)).text(), index.text);
  });

  test('of great number come in pages', async () => {
    const subject = digestOf('popular');
    const note = 'x'.repeat(1 << 20);
    const pushed: string[] = [];
    for (let number = 0; number < 7; number += 1) {
      pushed.push((await refer('application/x.large', subject, `${number}${note}`)).digest);
    }
    const found = await pages<{ manifests: Descriptor[] }>(`/v2/team/app/referrers/${subject}`);
    assert.ok(found.length > 1 && found.every(({ manifests }) => JSON.stringify(manifests).length < 4 << 20));
    assert.deepEqual(
      found.flatMap(({ manifests }) => manifests.map(({ digest }) => digest)),
      pushed.toSorted(),
    );
  });
});
