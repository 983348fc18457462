import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mediaTypes } from '@gantry/oci';
import { temporaryRoot } from '@gantry/testkit';
import {
  digestOf,
  problemOf,
  pushBlob,
  pushImage,
  putManifest,
  startTestRegistry,
  type TestManifest,
  type TestRegistry,
} from '../../testing/index.ts';

const maxBlobBytes = 1 << 20;
let registry: TestRegistry;

before(async () => {
  registry = await startTestRegistry({ storage: { maxBlobBytes, maxUploads: 200 } });
});
after(() => registry[Symbol.asyncDispose]());

/** As it stands: `fetch` would tidy the path. */
async function raw(method: string, target: string): Promise<{ status: number; text: string }> {
  const [host, port] = registry.host.split(':');
  const request = http.request({ host, port, method, path: target }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, text };
}

async function files(directory: string): Promise<string[]> {
  return await readdir(path.join(registry.directory, 'content', directory));
}

describe('names that lead elsewhere', () => {
  const digest = digestOf('x');
  const names = [
    '..',
    '../..',
    'a/../../b',
    '%2e%2e',
    '%2e%2e%2f%2e%2e%2fetc',
    'a/%2e%2e/b',
    'a//b',
    './a',
    'a%00b',
    'a%0d%0aX:%20y',
    'a\\b',
    'A',
    'a'.repeat(256),
    `${'a/'.repeat(150)}a`,
  ];
  for (const name of names) {
    test(`are refused as a repository: ${name.slice(0, 40)}`, async () => {
      for (const [method, rest] of [
        ['GET', 'manifests/v1'],
        ['PUT', 'manifests/v1'],
        ['GET', `blobs/${digest}`],
        ['POST', 'blobs/uploads/'],
        ['PATCH', 'blobs/uploads/00000000-0000-0000-0000-000000000000'],
        ['GET', 'tags/list'],
        ['GET', `referrers/${digest}`],
      ] as const) {
        const { status, text } = await raw(method, `/v2/${name}/${rest}`);
        assert.ok([400, 404].includes(status), `${method} ${rest}: ${status}`);
        assert.ok(!text.includes('UNKNOWN"') || status === 404, text);
      }
    });
  }

  test('are refused as a repository to take a blob from', async () => {
    const { status } = await raw('POST', `/v2/a/blobs/uploads/?mount=${digest}&from=../../b`);
    assert.equal(status, 400);
  });

  test('are refused as a digest, a tag and an upload', async () => {
    const hex = 'a'.repeat(58);
    for (const word of [
      'sha256:../../../../etc/passwd',
      `sha256:../${hex}`,
      `sha256:..%2f..%2f${hex}`,
      '..',
      '%2e%2e',
    ]) {
      for (const [method, rest] of [
        ['GET', `blobs/${word}`],
        ['DELETE', `blobs/${word}`],
        ['GET', `manifests/${word}`],
        ['DELETE', `manifests/${word}`],
        ['GET', `referrers/${word}`],
        ['PATCH', `blobs/uploads/${word}`],
        ['PUT', `blobs/uploads/${word}?digest=${digest}`],
        ['DELETE', `blobs/uploads/${word}`],
        ['POST', `blobs/uploads/?digest=${word}`],
        ['POST', `blobs/uploads/?mount=${word}&from=b`],
      ] as const) {
        const { status } = await raw(method, `/v2/a/${rest}`);
        assert.ok([400, 404, 405].includes(status), `${method} ${rest}: ${status}`);
      }
    }
    assert.deepEqual(await files('partial'), []);
  });
});

describe('bodies', () => {
  test('without an end are cut off at the bound, and nothing of them stays', async () => {
    const endless = async function* (): AsyncGenerator<Buffer> {
      for (;;) yield Buffer.alloc(65_536);
    };
    const send = async (target: string, method: string): Promise<number> => {
      const [host, port] = registry.host.split(':');
      const request = http.request({
        host,
        port,
        method,
        path: target,
        headers: { 'Content-Type': mediaTypes.manifest },
      });
      request.on('error', () => {});
      const answered = once(request, 'response') as Promise<[IncomingMessage]>;
      void (async () => {
        for await (const chunk of endless()) {
          if (request.destroyed || request.closed) return;
          if (!request.write(chunk)) await Promise.race([once(request, 'drain'), once(request, 'close')]);
        }
      })();
      const [response] = await answered;
      response.resume();
      request.destroy();
      return response.statusCode ?? 0;
    };
    const begun = await registry.ask('/v2/a/blobs/uploads/', { method: 'POST' });
    assert.equal(await send(begun.headers.get('location') ?? '', 'PATCH'), 413);
    assert.equal(await send(`/v2/a/blobs/uploads/?digest=${digestOf('x')}`, 'POST'), 413);
    assert.equal(await send('/v2/a/manifests/v1', 'PUT'), 413);
    assert.deepEqual(await files('partial'), []);
    assert.deepEqual(await problemOf(await registry.ask(begun.headers.get('location') ?? '')), [
      404,
      'BLOB_UPLOAD_UNKNOWN',
    ]);
  });

  test('that break off leave what came, and the upload goes on from there', async () => {
    const begun = await registry.ask('/v2/a/blobs/uploads/', { method: 'POST' });
    const location = begun.headers.get('location') ?? '';
    const [host = '', port = ''] = registry.host.split(':');
    // What the registry has not yet read when it sees the end is lost; what it then tells is what it has.
    for (let range: string | null = ''; range !== '0-4'; ) {
      const socket = net.connect(Number(port), host);
      socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n12345`);
      while ((await files('partial')).length === 0) await new Promise(setImmediate);
      for (let turns = 0; turns < 10; turns += 1) await registry.ask(location);
      socket.destroy();
      range = (await registry.ask(location, { method: 'PATCH' })).headers.get('range');
    }
    const put = await registry.ask(`${location}?digest=${digestOf('1234567')}`, {
      method: 'PUT',
      body: '67',
    });
    assert.equal(put.status, 201);
  });

  test('that stand still give way to another connection that comes for the upload', async () => {
    const begun = await registry.ask('/v2/a/blobs/uploads/', { method: 'POST' });
    const location = begun.headers.get('location') ?? '';
    const [host = '', port = ''] = registry.host.split(':');
    const socket = net.connect(Number(port), host);
    socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n12345`);
    while ((await files('partial')).length === 0) await new Promise(setImmediate);
    const body = '12345';
    const answered = once(socket, 'data');
    const again = await registry.ask(`${location}?digest=${digestOf('x')}`, { method: 'PUT', body });
    assert.equal(again.status, 400);
    const [answer] = (await answered) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 409 /);
    socket.destroy();
  });
});

describe('many of everything', () => {
  test('a catalog of thousands is given in pages, whatever n says', async () => {
    const digest = await pushBlob(registry, 'many/source', 'shared');
    const names = Array.from({ length: 1200 }, (_, index) => `many/r${String(index).padStart(5, '0')}`);
    for (const to of names) await registry.storage.blobs.mount({ from: 'many/source', to, digest });
    const response = await registry.ask('/v2/_catalog?n=1000000000&last=many/r');
    const { repositories } = (await response.json()) as { repositories: string[] };
    assert.equal(repositories.length, 1000);
    const next = /<([^>]+)>/.exec(response.headers.get('link') ?? '')?.[1] ?? '';
    const rest = (await (await registry.ask(next)).json()) as { repositories: string[] };
    assert.equal(rest.repositories.length, 201);
  });

  test('uploads that are begun and left cost little, are bounded, and expire', async () => {
    await using many = await startTestRegistry({ storage: { maxUploads: 10_000 } });
    for (let number = 0; number < 10_000; number += 1) many.storage.uploads.begin('left/behind');
    assert.deepEqual(await problemOf(await many.ask('/v2/a/blobs/uploads/', { method: 'POST' })), [
      429,
      'TOOMANYREQUESTS',
    ]);
    assert.deepEqual(await readdir(path.join(many.directory, 'content/partial')), []);
    assert.equal(await many.storage.uploads.expire(new Date(0)), 0);
    assert.equal(await many.storage.uploads.expire(new Date(Date.now() + 1000)), 10_000);
    await pushImage(many, 'a', { tag: 'v1' });
  });

  test('an upload that has bytes expires with them', async () => {
    await using some = await startTestRegistry();
    const begun = await some.ask('/v2/a/blobs/uploads/', { method: 'POST' });
    const location = begun.headers.get('location') ?? '';
    await some.ask(location, { method: 'PATCH', body: 'half' });
    assert.equal(await some.storage.uploads.expire(new Date(0)), 0);
    assert.equal(await some.storage.uploads.expire(new Date(Date.now() + 60_000)), 1);
    assert.deepEqual(await readdir(path.join(some.directory, 'content/partial')), []);
    assert.equal((await some.ask(location)).status, 404);
  });
});

describe('two at once', () => {
  test('two pushes of one tag leave one of the two, whole', async () => {
    for (let round = 0; round < 20; round += 1) {
      const [left, right] = await Promise.all([
        pushImage(registry, 'race/tag', { tag: 'latest', layer: `left ${round}` }),
        pushImage(registry, 'race/tag', { tag: 'latest', layer: `right ${round}` }),
      ]);
      const pulled = await registry.ask('/v2/race/tag/manifests/latest');
      assert.ok([left.text, right.text].includes(await pulled.text()));
      const named = pulled.headers.get('docker-content-digest') ?? '';
      for (const { digest } of [left, right]) {
        assert.deepEqual(
          registry.storage.manifests.tagsOf('race/tag', digest),
          digest === named ? ['latest'] : [],
        );
      }
    }
  });

  test('many uploads of one blob store it once', async () => {
    const before = (await files('blobs/sha256')).length;
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => pushBlob(registry, `race/blob${index % 4}`, 'the same')),
    );
    assert.equal((await files('blobs/sha256')).length, before + 1);
  });
});

describe('content that the disk lost', () => {
  test('is not handed out, and is mended by a push', async () => {
    await using root = await temporaryRoot('registry');
    const open = (): Promise<TestRegistry> => startTestRegistry({ storage: { directory: root.path } });
    let image: TestManifest;
    {
      await using before = await open();
      image = await pushImage(before, 'a', { tag: 'v1', layer: 'a layer' });
    }
    await using registry = await open();
    const target = '/v2/a/manifests/v1';
    const file = registry.storage.blobs.path(image.digest);
    await writeFile(file, 'damaged');
    assert.deepEqual(await problemOf(await registry.ask(target)), [500, 'UNKNOWN']);
    await rm(file);
    assert.deepEqual(await problemOf(await registry.ask(target)), [500, 'UNKNOWN']);
    assert.equal((await putManifest(registry, target, image)).status, 201);
    assert.equal(await (await registry.ask(target)).text(), image.text);
    const layer = `/v2/a/blobs/${digestOf('a layer')}`;
    await rm(registry.storage.blobs.path(digestOf('a layer')));
    assert.deepEqual(await problemOf(await registry.ask(layer)), [404, 'BLOB_UNKNOWN']);
    assert.equal((await registry.ask(layer, { method: 'HEAD' })).status, 404);
    await pushBlob(registry, 'a', 'a layer');
    assert.equal(await (await registry.ask(layer)).text(), 'a layer');
  });
});
