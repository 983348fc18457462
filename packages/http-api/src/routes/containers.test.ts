import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { open, readResponse, send, type TestRequest, type TestResponse } from '../../testing/test-client.ts';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const call = (method: string, path: string, request?: TestRequest): Promise<TestResponse> =>
  send(server.socketPath, method, path, request);
const create = (name: string, body: object = {}): Promise<TestResponse> =>
  call('POST', `/containers/create?name=${name}`, { body: { Image: 'busybox', Cmd: ['sleep'], ...body } });

describe('POST /containers/create', () => {
  it('answers 201 with the id', async () => {
    const { status, json } = await create('c');
    assert.equal(status, 201);
    assert.deepEqual(json(), { Id: server.containers.find('c').id, Warnings: [] });
  });

  it('gives the backend what the client sent, spelled as Docker spells it', async () => {
    await create('c', {
      env: ['A=1'],
      hostconfig: { memory: 1024, CgroupnsMode: '' },
      Volumes: { '/data': {} },
    });
    assert.deepEqual(server.containers.find('c').request, {
      Image: 'busybox',
      Cmd: ['sleep'],
      Env: ['A=1'],
      HostConfig: { Memory: 1024 },
      Volumes: { '/data': {} },
    });
  });

  it('leaves removal at the end to clients older than API 1.25', async () => {
    const body = { Image: 'busybox', Cmd: ['exit'], HostConfig: { AutoRemove: true } };
    await call('POST', '/v1.24/containers/create?name=old', { body });
    await call('POST', '/v1.25/containers/create?name=new', { body });
    assert.equal(server.containers.find('old').request.HostConfig?.AutoRemove, false);
    assert.equal(server.containers.find('new').request.HostConfig?.AutoRemove, true);
  });

  it('says what is wrong with a body', async () => {
    const headers = { 'Content-Type': 'application/json' };
    const cases: [string, TestRequest, number, RegExp][] = [
      ['no body', {}, 400, /config cannot be empty/],
      ['null', { body: 'null', headers }, 400, /config cannot be empty/],
      ['not JSON', { body: '{', headers }, 400, /invalid JSON/],
      ['blank', { body: ' ', headers }, 400, /got EOF while reading request body/],
      ['two values', { body: '{} {}', headers }, 400, /invalid JSON/],
      ['deep', { body: `{"a":${'['.repeat(100)}`, headers }, 400, /nested deeper/],
      [
        'other type',
        { body: '{}', headers: { 'Content-Type': 'text/plain' } },
        400,
        /unsupported Content-Type header \(text\/plain\)/,
      ],
      ['no type', { body: '{}' }, 400, /malformed Content-Type/],
      ['wrong field', { body: { Env: 'A=1' } }, 400, /Env must be a list, not "A=1"/],
      ['large', { body: { Image: 'x'.repeat(1_100_000) } }, 413, /larger than 1048576 bytes/],
      [
        'large and chunked',
        { body: 'x'.repeat(1_100_000), headers: { ...headers, 'Transfer-Encoding': 'chunked' } },
        413,
        /larger than/,
      ],
      ['unknown image', { body: { Image: 'nosuch:1' } }, 404, /No such image: nosuch:1/],
    ];
    for (const [label, request, status, pattern] of cases) {
      const response = await call('POST', '/containers/create', request);
      assert.equal(response.status, status, label);
      assert.equal(response.headers['content-type'], 'application/json', label);
      assert.match((response.json() as { message: string }).message, pattern, label);
    }
  });

  it('takes a content type with parameters', async () => {
    const headers = { 'Content-Type': 'Application/JSON; charset=utf-8' };
    assert.equal(
      (await call('POST', '/containers/create', { body: '{"Image":"busybox"}', headers })).status,
      201,
    );
  });

  it('tells a name that is taken as 409', async () => {
    await create('c');
    const { status, json } = await create('c');
    assert.equal(status, 409);
    assert.match(
      (json() as { message: string }).message,
      /^Conflict. The container name "\/c" is already in use/,
    );
  });
});

describe('GET /containers/json', () => {
  it('passes options and filters in both shapes', async () => {
    await create('one');
    await create('two');
    const names = async (query: string): Promise<unknown> =>
      ((await call('GET', `/containers/json?${query}`)).json() as { Names: string[] }[]).map(
        ({ Names }) => Names[0],
      );
    assert.deepEqual(await names(''), []);
    assert.deepEqual(await names('all=1'), ['/one', '/two']);
    assert.deepEqual(await names('limit=1'), ['/one']);
    const filters = (value: object): string => `all=1&filters=${encodeURIComponent(JSON.stringify(value))}`;
    assert.deepEqual(await names(filters({ name: ['two'] })), ['/two']);
    assert.deepEqual(await names(filters({ name: { two: true } })), ['/two']);
  });

  it('refuses a bad limit, a bad filter and an unknown one', async () => {
    for (const query of [
      'limit=x',
      'filters=x',
      'filters=%7B%22bogus%22%3A%5B%22x%22%5D%7D',
      'since=x',
      'before=x',
    ]) {
      assert.equal((await call('GET', `/containers/json?${query}`)).status, 400, query);
    }
  });
});

describe('a container', () => {
  it('is started, paused, resized, renamed, stopped and removed', async () => {
    const { Id: id } = (await create('c')).json() as { Id: string };
    const steps: [string, string, number][] = [
      ['POST', '/containers/c/start', 204],
      ['POST', '/containers/c/start', 304],
      ['POST', `/containers/${id.slice(0, 12)}/pause`, 204],
      ['POST', '/containers/c/unpause', 204],
      ['POST', '/containers/c/unpause', 409],
      ['POST', '/containers/c/resize?h=24&w=80', 200],
      ['POST', '/containers/c/resize?h=24', 400],
      ['GET', '/containers/c/top', 200],
      ['POST', '/containers/c/rename?name=d', 204],
      ['POST', '/containers/d/rename', 400],
      ['POST', '/containers/d/restart?t=1', 204],
      ['DELETE', '/containers/d', 409],
      ['DELETE', '/containers/d?link=1', 500],
      ['DELETE', '/containers/d/e', 404],
      ['DELETE', '/containers/d/e?link=1', 404],
      ['POST', '/containers/d/stop?t=1&signal=TERM', 204],
      ['POST', '/containers/d/stop', 304],
      ['POST', '/containers/d/stop?t=soon', 400],
      ['POST', '/containers/d/kill', 409],
      ['POST', '/containers/d/start?checkpoint=x', 501],
      ['DELETE', '/containers/d?v=1&force=1', 204],
      ['GET', '/containers/d/json', 404],
    ];
    for (const [method, path, status] of steps) {
      const response = await call(method, path);
      assert.equal(response.status, status, `${method} ${path}: ${response.text}`);
      if (status < 400 && method !== 'GET') assert.equal(response.text, '');
    }
    assert.equal((await call('GET', '/containers/d/json')).text, '{"message":"No such container: d"}\n');
  });

  it('is not started by a request with a body', async () => {
    await create('c');
    assert.equal((await call('POST', '/containers/c/start', { body: { HostConfig: {} } })).status, 400);
    const empty = { headers: { 'Content-Type': 'text/plain', 'Content-Length': '0' } };
    assert.equal((await call('POST', '/containers/c/start', empty)).status, 204);
  });

  it('is found with the slash that Docker puts before names', async () => {
    await create('c');
    for (const path of ['/containers//c/json', '/containers/%2Fc/json', '//v1.51/containers//c/json']) {
      assert.equal((await call('GET', path)).status, 200, path);
    }
  });

  it('is not looked up by what no name can be', async () => {
    for (const ref of ['%00', '%0a', 'x'.repeat(300), '%7f']) {
      assert.equal((await call('GET', `/containers/${ref}/json`)).status, 400, ref);
    }
  });
});

describe('POST /containers/{id}/wait', () => {
  it('sends headers as soon as the wait is registered, and the exit code later', async () => {
    await create('c', { Cmd: ['exit', '5'] });
    const { response } = await open(server.socketPath, 'POST', '/containers/c/wait?condition=next-exit');
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers['content-type'], 'application/json');
    await call('POST', '/containers/c/start');
    assert.deepEqual((await readResponse(response)).json(), { StatusCode: 5 });
  });

  it('returns at once for a container that does not run, and waits for removal', async () => {
    await create('c');
    assert.deepEqual((await call('POST', '/containers/c/wait')).json(), { StatusCode: 0 });
    const { response } = await open(server.socketPath, 'POST', '/containers/c/wait?condition=removed');
    await call('DELETE', '/containers/c');
    assert.deepEqual((await readResponse(response)).json(), { StatusCode: 0 });
  });

  it('refuses an unknown condition and an unknown container', async () => {
    await create('c');
    assert.equal((await call('POST', '/containers/c/wait?condition=whenever')).status, 400);
    assert.equal((await call('POST', '/containers/nosuch/wait')).status, 404);
  });
});
