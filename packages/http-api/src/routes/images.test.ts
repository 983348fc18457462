import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { EngineError } from '@gantry/base';
import { FakeImageBackend } from '../../testing/fake-image-backend.ts';
import { open, RawConnection, send, type TestRequest, type TestResponse } from '../../testing/test-client.ts';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const call = (method: string, path: string, request?: TestRequest): Promise<TestResponse> =>
  send(server.socketPath, method, path, request);

/** The objects of a progress stream, which CRLF separates. */
function lines(text: string): Record<string, unknown>[] {
  assert.ok(text.endsWith('\r\n'));
  return text
    .slice(0, -2)
    .split('\r\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('image names', () => {
  it('may have slashes, ports and tags, escaped or not', async () => {
    server.images.names.add('localhost:5000/a/b/c:1.0');
    for (const path of ['localhost:5000/a/b/c:1.0', 'localhost%3A5000%2Fa%2Fb%2Fc%3A1.0']) {
      assert.equal((await call('GET', `/v1.51/images/${path}/json`)).status, 200, path);
      assert.equal((await call('GET', `/images/${path}/history`)).status, 200, path);
      assert.equal((await call('GET', `/images/${path}/get`)).status, 200, path);
      assert.equal((await call('POST', `/images/${path}/tag?repo=x&tag=y`)).status, 201, path);
    }
    assert.deepEqual((await call('DELETE', '/images/localhost:5000/a/b/c:1.0')).json(), [
      { Untagged: 'localhost:5000/a/b/c:1.0' },
      { Deleted: `sha256:${'ab'.repeat(32)}` },
    ]);
  });

  it('may be words of the API', async () => {
    server.images.names.add('json');
    assert.equal((await call('GET', '/images/json/json')).status, 200);
    assert.ok(Array.isArray((await call('GET', '/images/json')).json()));
  });

  it('are refused when they cannot be names', async () => {
    for (const name of ['%20', '%00', 'x'.repeat(2000), 'a%0ab']) {
      assert.equal((await call('GET', `/images/${name}/json`)).status, 400, name.slice(0, 20));
    }
    assert.equal((await call('GET', '/images/nosuch/json')).text, '{"message":"No such image: nosuch"}\n');
    assert.equal((await call('GET', '/images/a/bogus')).status, 404);
    assert.equal((await call('POST', '/images/busybox/tag')).status, 400);
  });

  it('are listed, with unknown filters refused by name', async () => {
    const bogus = await call('GET', `/images/json?filters=${encodeURIComponent('{"bogus":["x"]}')}`);
    assert.deepEqual([bogus.status, bogus.json()], [400, { message: "invalid filter 'bogus'" }]);
  });

  it('tell clients up to 1.43 the size twice', async () => {
    server.images.names.add('busybox:latest');
    for (const [version, size] of [
      ['1.43', 1024],
      ['1.44', undefined],
    ] as const) {
      const [image] = (await call('GET', `/v${version}/images/json`)).json() as { VirtualSize?: number }[];
      assert.equal(image?.VirtualSize, size);
    }
  });

  it('are shown for a platform, and with their manifests', async () => {
    const platform = encodeURIComponent('{"os":"linux","architecture":"arm64"}');
    for (const [path, status] of [
      ['/images/json?manifests=1&shared-size=1', 200],
      ['/images/busybox/json?manifests=1', 200],
      [`/images/busybox/json?platform=${platform}`, 200],
      [`/images/busybox/history?platform=${platform}`, 200],
      [`/images/busybox/json?manifests=1&platform=${platform}`, 400],
      ['/images/busybox/json?platform=x', 400],
    ] as const) {
      assert.equal((await call('GET', path)).status, status, path);
    }
  });

  it('are removed for some platforms, each a JSON object', async () => {
    const platform = (architecture: string): string =>
      `platforms=${encodeURIComponent(JSON.stringify({ os: 'linux', architecture }))}`;
    const removed = await call('DELETE', `/images/busybox?${platform('arm64')}&${platform('s390x')}`);
    assert.deepEqual(removed.json(), [{ Deleted: 'linux/arm64' }, { Deleted: 'linux/s390x' }]);
    assert.equal((await call('DELETE', '/images/busybox?platforms=x')).status, 400);
  });
});

describe('POST /images/create', () => {
  it('streams progress as objects with CRLF between', async () => {
    const { status, headers, text } = await call(
      'POST',
      '/images/create?fromImage=docker.io/library/alpine&tag=3',
    );
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/json');
    assert.deepEqual(lines(text)[1], {
      status: 'Downloading',
      id: 'abc',
      progressDetail: { current: 1, total: 2 },
    });
  });

  it('puts name, tag and digest together', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const cases: [string, string, boolean][] = [
      ['fromImage=a&tag=1', 'a:1', false],
      ['fromImage=a:0&tag=1', 'a:1', false],
      ['fromImage=localhost:5000/a&tag=1', 'localhost:5000/a:1', false],
      [`fromImage=a&tag=${digest}`, `a@${digest}`, false],
      [`fromImage=a@${digest}&tag=1`, `a@${digest}`, false],
      ['fromImage=a:1', 'a:1', false],
      ['fromImage=a', 'a', true],
      ['fromImage=a:', 'a', true],
    ];
    for (const [query, ref, allTags] of cases) {
      await call('POST', `/images/create?${query}`);
      const pulled = server.images.pulled.at(-1);
      assert.deepEqual([pulled?.ref, pulled?.allTags], [ref, allTags], query);
    }
  });

  it('hands platform and credentials on, and that a signature is asked for', async () => {
    const auth = Buffer.from('{"username":"u","password":"p"}').toString('base64url');
    const headers = { 'X-Registry-Auth': auth };
    await call('POST', '/images/create?fromImage=a&tag=1&platform=linux/arm/v7', { headers });
    assert.deepEqual(server.images.pulled[0]?.platform, { os: 'linux', architecture: 'arm', variant: 'v7' });
    assert.deepEqual(server.images.pulled[0]?.auth, { username: 'u', password: 'p' });
    assert.equal(server.images.pulled[0]?.verify, false);
    await call('POST', '/images/create?fromImage=a&tag=1&verify=1');
    assert.equal(server.images.pulled[1]?.verify, true);
  });

  it('answers a failure before the first line with a status, a later one in the stream', async () => {
    const early = await call('POST', '/images/create?fromImage=nosuch&tag=1');
    assert.deepEqual([early.status, early.json()], [404, { message: 'pull access denied for nosuch:1' }]);
    const late = await call('POST', '/images/create?fromImage=broken&tag=1');
    assert.equal(late.status, 200);
    assert.deepEqual(lines(late.text).at(-1), {
      errorDetail: { message: 'layer is not what it claims to be' },
      error: 'layer is not what it claims to be',
    });
  });

  it('imports the body and ends with the id', async () => {
    const { text } = await call(
      'POST',
      '/images/create?fromSrc=-&repo=some/thing&tag=1&changes=CMD%20x&changes=ENV%20A=1',
      {
        body: 'tar',
      },
    );
    assert.deepEqual(lines(text).at(-1), { status: `sha256:${'ab'.repeat(32)}` });
    assert.ok(server.images.names.has('some/thing:1'));
  });

  it('refuses names that are none, and sources that are not built', async () => {
    const cases: [string, number][] = [
      ['', 400],
      ['fromImage=UPPER', 400],
      ['fromImage=a&tag=%20', 400],
      ['fromImage=a&tag=1&platform=a/b/c/d', 400],
      ['fromSrc=http://x/y.tar', 501],
      ['fromSrc=-&repo=UPPER', 400],
    ];
    for (const [query, status] of cases)
      assert.equal((await call('POST', `/images/create?${query}`)).status, status, query);
  });
});

describe('POST /images/load', () => {
  it('answers while the body is still on its way', async () => {
    const request = http.request({
      socketPath: server.socketPath,
      method: 'POST',
      path: '/images/load',
      agent: false,
    });
    request.write('first');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    assert.equal(response.statusCode, 200);
    request.end('second');
    let text = '';
    for await (const chunk of response) text += String(chunk);
    assert.deepEqual(lines(text).at(-1), { stream: 'Loaded image: loaded:latest\n' });
    assert.equal(server.images.receivedBytes, 11);
  });

  it('tells a failure to a client that is still sending, and closes', async () => {
    using connection = new RawConnection(server.socketPath);
    connection.write(
      'POST /images/load HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\npoison\r\n',
    );
    connection.write('5\r\nmore \r\n');
    const answer = await connection.until('archive is poisoned');
    assert.match(answer, /^HTTP\/1.1 400 /);
    assert.match(answer, /Connection: close\r\n/);
    connection.write('0\r\n\r\n');
    await connection.untilEnd();
  });

  it('stops when the client goes away in the middle', async () => {
    const ended = Promise.withResolvers<unknown>();
    class WatchedImages extends FakeImageBackend {
      override async load(...parameters: Parameters<FakeImageBackend['load']>): Promise<void> {
        await super.load(...parameters).catch((error: unknown) => {
          ended.resolve(error);
          throw error;
        });
      }
    }
    await using watched = await startTestServer({ images: new WatchedImages() });
    const connection = new RawConnection(watched.socketPath);
    connection.write(
      'POST /images/load HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    );
    await connection.until('Loading layer');
    connection.socket.destroy();
    const error = await ended.promise;
    assert.ok(error instanceof EngineError);
    assert.equal(error.kind, 'cancelled');
    assert.equal((await send(watched.socketPath, 'GET', '/_ping')).status, 200);
  });

  it('holds back progress for a client that does not read, and keeps only the latest', async () => {
    class ChattyImages extends FakeImageBackend {
      override async load(...[, { onProgress }]: Parameters<FakeImageBackend['load']>): Promise<void> {
        for (let current = 0; current < 200_000; current += 1) {
          onProgress({ status: 'Extracting', id: 'layer', progressDetail: { current, total: 200_000 } });
        }
        onProgress({ stream: 'done' });
      }
    }
    await using chatty = await startTestServer({ images: new ChattyImages() });
    const { text } = await send(chatty.socketPath, 'POST', '/images/load', { body: 'x' });
    const sent = lines(text);
    assert.ok(sent.length < 20_000, `${sent.length} lines`);
    assert.deepEqual(sent.at(-2)?.['progressDetail'], { current: 199_999, total: 200_000 });
    assert.deepEqual(sent.at(-1), { stream: 'done' });
  });
});

describe('GET /images/get', () => {
  it('sends a tar', async () => {
    const { status, headers, text } = await call('GET', '/images/get?names=busybox&names=busybox:latest');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/x-tar');
    assert.ok(text.startsWith('busybox,busybox:latest\0'));
  });

  it('answers an unknown image and no image with a status', async () => {
    assert.equal((await call('GET', '/images/get?names=nosuch')).status, 404);
    assert.equal((await call('GET', '/images/get')).status, 400);
  });

  it('cuts the connection when it fails in the middle, so that nobody takes the tar for whole', async () => {
    server.images.names.add('broken');
    const { response } = await open(server.socketPath, 'GET', '/images/get?names=broken');
    assert.equal(response.statusCode, 200);
    response.resume();
    const [error] = (await once(response, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
  });
});
