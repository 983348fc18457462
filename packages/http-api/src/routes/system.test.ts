import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FakeSystemBackend } from '../../testing/fake-system-backend.ts';
import { open, send, type TestRequest, type TestResponse } from '../../testing/test-client.ts';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const call = (method: string, path: string, request?: TestRequest): Promise<TestResponse> =>
  send(server.socketPath, method, path, request);

describe('_ping', () => {
  it('answers GET and HEAD with the headers that clients negotiate by', async () => {
    const get = await call('GET', '/_ping');
    assert.equal(get.text, 'OK');
    const head = await call('HEAD', '/_ping');
    assert.equal(head.text, '');
    for (const { status, headers } of [get, head]) {
      assert.equal(status, 200);
      assert.equal(headers['api-version'], '1.51');
      assert.equal(headers['docker-experimental'], 'false');
      assert.equal(headers['ostype'], 'linux');
      assert.equal(headers['builder-version'], '2');
      assert.equal(headers['swarm'], 'inactive');
      assert.equal(headers['cache-control'], 'no-cache, no-store, must-revalidate');
      assert.equal(headers['pragma'], 'no-cache');
      assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
      assert.equal(headers['server'], 'Gantry/0.1.0 (linux)');
    }
  });
});

describe('versions', () => {
  it('are served from 1.24 to 1.51, and without prefix', async () => {
    for (const prefix of ['', '/v1.24', '/v1.40', '/v1.51']) {
      assert.equal((await call('GET', `${prefix}/version`)).status, 200, prefix);
    }
  });

  it("outside of that are refused in Docker's words", async () => {
    assert.deepEqual((await call('GET', '/v1.23/version')).json(), {
      message:
        'client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version',
    });
    assert.deepEqual((await call('GET', '/v1.52/info')).json(), {
      message: 'client version 1.52 is too new. Maximum supported API version is 1.51',
    });
    for (const version of ['v0.9', 'v2.0', 'v1', 'v1.9999', 'v99999999999.1']) {
      assert.equal((await call('GET', `/${version}/info`)).status, 400, version);
    }
  });

  it('come with the common headers, on errors too', async () => {
    const { headers } = await call('GET', '/v1.23/version');
    assert.equal(headers['api-version'], '1.51');
    assert.equal(headers['content-type'], 'application/json');
  });
});

describe('GET /events', () => {
  it('sends headers at once, then a line an event, with the legacy fields', async () => {
    const { request, response } = await open(server.socketPath, 'GET', '/v1.51/events');
    assert.equal(response.headers['content-type'], 'application/json');
    const received = once(response, 'data');
    server.system.send({
      Type: 'container',
      Action: 'start',
      Actor: { ID: 'abc', Attributes: { image: 'busybox' } },
      scope: 'local',
      time: 1,
      timeNano: 1,
    });
    assert.deepEqual(JSON.parse(String((await received)[0])), {
      status: 'start',
      id: 'abc',
      from: 'busybox',
      Type: 'container',
      Action: 'start',
      Actor: { ID: 'abc', Attributes: { image: 'busybox' } },
      scope: 'local',
      time: 1,
      timeNano: 1,
    });
    request.destroy();
  });

  it('has no legacy fields for networks and volumes', async () => {
    server.system.send({ Type: 'volume', Action: 'create', Actor: { ID: 'v' } });
    const { text } = await call('GET', '/events?since=1&until=2');
    assert.equal(text, '{"Type":"volume","Action":"create","Actor":{"ID":"v"}}\n');
  });

  it('lets go of the subscription when the client leaves', async () => {
    const { request } = await open(server.socketPath, 'GET', '/events');
    assert.equal(server.system.subscriberCount, 1);
    request.destroy();
    await server.system.subscriberLeft();
    assert.equal(server.system.subscriberCount, 0);
  });

  it('cuts off a reader that stalls, and only that one', async () => {
    const system = new FakeSystemBackend({ eventCapacity: 10 });
    await using small = await startTestServer({ system });
    const { response } = await open(small.socketPath, 'GET', '/events');
    response.pause();
    const attributes = { text: 'x'.repeat(100_000) };
    for (let sent = 0, slow = 0; slow === 0; sent += 1) {
      assert.ok(sent < 1000);
      slow = system.send({
        Type: 'volume',
        Action: 'create',
        Actor: { ID: String(sent), Attributes: attributes },
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.resume();
    const [error] = (await once(response, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
    assert.equal((await send(small.socketPath, 'GET', '/_ping')).status, 200);
  });

  it('refuses bad times and filters with a status', async () => {
    for (const query of [
      'since=x',
      'until=x',
      'filters=x',
      `filters=${encodeURIComponent('{"bogus":["x"]}')}`,
    ]) {
      const { status, headers } = await call('GET', `/events?${query}`);
      assert.equal(status, 400, query);
      assert.equal(headers['content-type'], 'application/json');
    }
  });
});

describe('networks and volumes', () => {
  it('are listed and inspected', async () => {
    for (const path of [
      '/networks',
      '/networks/',
      '/networks/bridge',
      '/networks/bridge?scope=local',
      '/volumes',
    ]) {
      assert.equal((await call('GET', path)).status, 200, path);
    }
    assert.deepEqual((await call('GET', '/networks/bridge?scope=swarm')).json(), {
      message: 'network bridge not found',
    });
    assert.deepEqual((await call('GET', '/volumes/nosuch')).json(), {
      message: 'get nosuch: no such volume',
    });
    assert.deepEqual((await call('GET', '/volumes')).json(), { Volumes: [], Warnings: [] });
  });

  it('volumes are made and removed; what is not built is named', async () => {
    const created = await call('POST', '/volumes/create', {
      body: { Name: 'v', Labels: { a: 'b' }, Driver: 'local' },
    });
    assert.equal(created.status, 201);
    assert.deepEqual((created.json() as { Labels: unknown }).Labels, { a: 'b' });
    assert.equal((await call('POST', '/volumes/create')).status, 201);
    assert.equal((await call('DELETE', '/volumes/v?force=1')).status, 204);
    const body = { Name: 'pool/v', Driver: 'there', DriverOpts: { type: 'tmpfs' } };
    assert.equal((await call('POST', '/volumes/create', { body })).status, 201);
    const told = (await call('GET', '/volumes/pool/v')).json() as Record<string, unknown>;
    assert.deepEqual([told['Name'], told['Driver'], told['Options']], ['pool/v', 'there', { type: 'tmpfs' }]);
    assert.equal((await call('POST', '/volumes/create', { body: { ClusterVolumeSpec: {} } })).status, 503);
  });
});

describe('what is not there', () => {
  it('is 404 "page not found", whatever the method', async () => {
    const paths: [string, string][] = [
      ['GET', '/'],
      ['GET', '/nosuch'],
      ['POST', '/version'],
      ['DELETE', '/version/x'],
      ['PATCH', '/containers/json'],
      ['TRACE', '/'],
      ['GET', '/v1.51'],
      ['GET', '/%zz'],
    ];
    for (const [method, path] of paths) {
      const { status, text, headers } = await call(method, path);
      assert.deepEqual([status, text], [404, '{"message":"page not found"}\n'], `${method} ${path}`);
      assert.equal(headers['content-type'], 'application/json');
    }
  });

  it('answers OPTIONS anywhere with an empty 200', async () => {
    const { status, text } = await call('OPTIONS', '/containers/json');
    assert.deepEqual([status, text], [200, '']);
  });

  it('is 501 with its name for the part of the API that is not built', async () => {
    const operations: [string, string, string][] = [
      ['POST', '/build/cancel', 'BuildCancel (POST /build/cancel)'],
      ['GET', '/containers/c/checkpoints', 'CheckpointList (GET /containers/{id}/checkpoints)'],
      ['POST', '/swarm/init', 'SwarmInit (POST /swarm/init)'],
    ];
    for (const [method, path, name] of operations) {
      const { status, text } = await call(method, path);
      assert.equal(status, 501, path);
      assert.equal(text, `{"message":"${name} is not built yet"}\n`);
    }
  });

  it('is 503 for what only a swarm manager does', async () => {
    for (const path of ['/swarm', '/nodes', '/services', '/tasks/x', '/secrets', '/configs/y']) {
      const { status, text } = await call('GET', path);
      assert.equal(status, 503, path);
      assert.match(text, /This node is not a swarm manager/);
    }
  });

  it('is an empty list of plugins, and 404 for each', async () => {
    assert.deepEqual((await call('GET', '/plugins')).json(), []);
    assert.deepEqual((await call('GET', '/plugins/a/b:1/json')).json(), {
      message: 'plugin "a/b:1" not found',
    });
    assert.equal((await call('DELETE', '/plugins/a/b')).status, 404);
  });
});
