import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Clock } from '@gantry/base';
import { systemClock } from '@gantry/base';
import { type Digest, parseReference } from '@gantry/oci';
import { challenge, digestOf, FakeRegistry, refuse } from '../testing/index.ts';
import { RegistryClient, type RegistrySettings } from './registry-client.ts';
import type { RegistryCredentials, RemoteRepository } from './remote-repository.ts';

const mediaType = 'application/vnd.oci.image.manifest.v1+json';
const document = Buffer.from('{"schemaVersion":2}');
const settings: RegistrySettings = {
  registryMirrors: [],
  insecureRegistries: [],
  certificateDirectory: '/nonexistent',
  trustedTokenServices: [],
  maxAttempts: 3,
};
/** Nobody waits in a test; what was asked for is noted. */
const pauses: number[] = [];
const clock: Clock = {
  ...systemClock,
  sleep: async (timeoutMs) => void pauses.push(timeoutMs),
};

let registry: FakeRegistry;
let client: RegistryClient;

before(async () => {
  registry = await FakeRegistry.start();
  client = new RegistryClient({ settings: () => settings, userAgent: 'Gantry/test', environment: {}, clock });
});
after(async () => {
  client[Symbol.dispose]();
  await registry[Symbol.asyncDispose]();
});
beforeEach(() => {
  registry.interfere = () => false;
  registry.requests.length = 0;
  pauses.length = 0;
});

function open(
  action: 'pull' | 'push' = 'pull',
  credentials: RegistryCredentials = {},
): Promise<RemoteRepository> {
  return client.repository(parseReference(`${registry.host}/team/app`), action, credentials);
}

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function blobOf(size: number): { bytes: Buffer; digest: Digest; size: number } {
  const bytes = Buffer.alloc(size, 'gantry');
  return { bytes, digest: registry.putBlob(bytes) as Digest, size };
}

describe('a manifest', () => {
  test('is had by tag and by digest, with its media type', async () => {
    const digest = registry.putManifest('team/app', { mediaType, bytes: document }, 'v1');
    const repository = await open();
    for (const reference of ['v1', digest]) {
      assert.deepEqual(await repository.manifest(reference), { mediaType, digest, bytes: document });
    }
  });

  test('that is not there is told in Docker’s words', async () => {
    await assert.rejects((await open()).manifest('v2'), {
      code: 'manifest-unknown',
      message: `manifest for ${registry.host}/team/app:v2 not found: manifest unknown: manifest unknown`,
    });
  });

  test('that is another than its digest, or than the header says, is refused', async () => {
    const digest = registry.putManifest('team/app', { mediaType, bytes: document }, 'v1');
    registry.interfere = (_request, response) => {
      response.writeHead(200, { 'Content-Type': mediaType, 'Docker-Content-Digest': digest });
      response.end('{"schemaVersion":3}');
      return true;
    };
    const repository = await open();
    await assert.rejects(repository.manifest(digest), { code: 'registry-digest-mismatch' });
    await assert.rejects(repository.manifest('v1'), { code: 'registry-digest-mismatch' });
  });

  test('without an end is not read to its end', async () => {
    registry.interfere = (_request, response) => {
      response.writeHead(200, { 'Content-Type': mediaType });
      const pump = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        if (!response.destroyed) response.once('drain', pump);
      };
      pump();
      return true;
    };
    await assert.rejects((await open()).manifest('v1'), /the answer is longer than 4194304 bytes/);
  });
});

describe('a blob', () => {
  test('is taken up again where its connection broke, at every tenth', async () => {
    const blob = blobOf(1_000_000);
    let cut = 0;
    registry.interfere = (request, response) => {
      cut += 100_000;
      const first = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (cut >= blob.size) return false;
      response.writeHead(first > 0 ? 206 : 200, {
        'Content-Length': blob.size - first,
        ...(first > 0 ? { 'Content-Range': `bytes ${first}-${blob.size - 1}/${blob.size}` } : {}),
      });
      response.write(blob.bytes.subarray(first, cut), () => response.destroy());
      return true;
    };
    assert.deepEqual(await bytesOf((await open()).blob(blob)), blob.bytes);
    assert.ok(registry.requests.length >= 10);
  });

  test('is skipped to where it was by a registry that knows no ranges', async () => {
    const blob = blobOf(300_000);
    let isFirst = true;
    registry.interfere = (_request, response) => {
      response.writeHead(200, { 'Content-Length': blob.size });
      if (isFirst) response.write(blob.bytes.subarray(0, 100_000), () => response.destroy());
      else response.end(blob.bytes);
      isFirst = false;
      return true;
    };
    assert.deepEqual(await bytesOf((await open()).blob(blob)), blob.bytes);
  });

  test('is given up when a registry answers with another range, and after the tries that bring nothing', async () => {
    const blob = blobOf(300_000);
    registry.interfere = (request, response) => {
      if (request.headers.range === undefined) {
        response.writeHead(200, { 'Content-Length': blob.size });
        response.write(blob.bytes.subarray(0, 100_000), () => response.destroy());
      } else {
        response.writeHead(206, { 'Content-Range': `bytes 5-9/${blob.size}` }).end('xxxxx');
      }
      return true;
    };
    await assert.rejects(bytesOf((await open()).blob(blob)), { code: 'registry-range-ignored' });
    registry.interfere = (_request, response) => {
      response.destroy();
      return true;
    };
    await assert.rejects(bytesOf((await open()).blob(blob)), { code: 'registry-unreachable' });
    assert.ok(pauses.length > 0);
  });

  test('goes to another host by a redirect, without the credentials', async () => {
    await using store = await FakeRegistry.start();
    const blob = blobOf(1000);
    const seen: (string | undefined)[] = [];
    store.interfere = (request, response) => {
      seen.push(request.headers.authorization);
      response.end(blob.bytes);
      return true;
    };
    registry.interfere = (request, response) => {
      if (request.headers.authorization === undefined) return challenge(response, 'Basic realm="x"');
      response.writeHead(307, { Location: `http://${store.host}/somewhere` }).end();
      return true;
    };
    const repository = await open('pull', { username: 'me', password: 'secret' });
    assert.deepEqual(await bytesOf(repository.blob(blob)), blob.bytes);
    assert.deepEqual(seen, [undefined]);
  });

  test('is not followed in circles', async () => {
    registry.interfere = (request, response) => {
      response.writeHead(302, { Location: request.url ?? '' }).end();
      return true;
    };
    await assert.rejects(bytesOf((await open()).blob(blobOf(1))), /stopped after 10 redirects/);
  });

  test('ends with the reason of its signal', async () => {
    const blob = blobOf(300_000);
    const stop = new AbortController();
    registry.interfere = (_request, response) => {
      response.writeHead(200, { 'Content-Length': blob.size });
      response.write(blob.bytes.subarray(0, 1000), () => stop.abort(new Error('enough')));
      return true;
    };
    await assert.rejects(bytesOf((await open()).blob(blob, { signal: stop.signal })), /enough/);
  });
});

describe('a registry in trouble', () => {
  test('is asked again after 503 and 429, no sooner than it says', async () => {
    registry.putManifest('team/app', { mediaType, bytes: document }, 'v1');
    let calls = 0;
    registry.interfere = (_request, response) => {
      calls += 1;
      if (calls > 2) return false;
      response.writeHead(calls === 1 ? 503 : 429, { 'Retry-After': '7' }).end();
      return true;
    };
    await (await open()).manifest('v1');
    assert.ok(pauses.every((pause) => pause >= 7000) && pauses.length === 2, String(pauses));
  });

  test('is believed when it limits for longer than one waits', async () => {
    registry.interfere = (_request, response) => {
      response.setHeader('Retry-After', '3600');
      refuse(response, 429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit.');
      return true;
    };
    await assert.rejects((await open()).manifest('v1'), {
      message: 'toomanyrequests: You have reached your pull rate limit.',
    });
    assert.deepEqual(pauses, []);
  });

  test('that does not listen is told with its address', async () => {
    const reference = parseReference('127.0.0.1:1/x');
    await assert.rejects((await client.repository(reference, 'pull')).manifest('v1'), {
      message: 'Get "https://127.0.0.1:1/v2/x/manifests/v1": connect ECONNREFUSED 127.0.0.1:1',
    });
  });
});

test('tags come from all pages, and no page of another host is asked for', async () => {
  for (const tag of ['a', 'b', 'c', 'd', 'e'])
    registry.putManifest('team/tags', { mediaType, bytes: document }, tag);
  const repository = await client.repository(parseReference(`${registry.host}/team/tags`), 'pull');
  assert.deepEqual(await Array.fromAsync(repository.tags()), ['a', 'b', 'c', 'd', 'e']);
  registry.interfere = (_request, response) => {
    response.writeHead(200, { Link: '<http://evil.test/v2/x/tags/list>; rel="next"' });
    response.end(JSON.stringify({ tags: ['a', 3, '../x'] }));
    return true;
  };
  assert.deepEqual(await Array.fromAsync(repository.tags()), ['a']);
});

describe('push', () => {
  test('a blob and its manifest arrive, and what is there is known', async () => {
    const bytes = Buffer.from('a new layer');
    const repository = await open('push');
    const blob = { digest: digestOf(bytes) as Digest, size: bytes.length };
    assert.equal(await repository.hasBlob(blob.digest), false);
    const sent: number[] = [];
    await repository.putBlob(blob, () => once(bytes), { onProgress: (count) => sent.push(count) });
    assert.deepEqual(sent, [bytes.length]);
    assert.equal(await repository.hasBlob(blob.digest), true);
    assert.equal(await repository.mountBlob(blob.digest, 'other/app'), true);
    await repository.putManifest('v9', { mediaType, bytes: document, digest: digestOf(document) as Digest });
    assert.deepEqual(Buffer.from((await repository.manifest('v9')).bytes), document);
  });

  test('what breaks is sent again in a new upload', async () => {
    const bytes = Buffer.alloc(100_000, 7);
    let breaks = 2;
    registry.interfere = (request, response) => {
      if (request.method !== 'PUT' || breaks === 0) return false;
      breaks -= 1;
      response.destroy();
      return true;
    };
    const blob = { digest: digestOf(bytes) as Digest, size: bytes.length };
    await (await open('push')).putBlob(blob, () => once(Buffer.from(bytes)));
    assert.deepEqual(registry.blobs.get(blob.digest), bytes);
  });

  test('is refused with the registry’s words', async () => {
    registry.interfere = (_request, response) => {
      refuse(response, 403, 'DENIED', 'requested access to the resource is denied');
      return true;
    };
    const bytes = Buffer.from('x');
    const upload = (await open('push')).putBlob({ digest: digestOf(bytes) as Digest, size: 1 }, () =>
      once(bytes),
    );
    await assert.rejects(upload, { message: 'denied: requested access to the resource is denied' });
  });
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
