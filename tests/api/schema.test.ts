import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { send, startTestServer, type TestServer } from '@gantry/http-api/testing';
import { OpenApi } from './openapi.ts';

const file = process.env['GANTRY_OPENAPI'] ?? '';

if (file === '') {
  it('needs the OpenAPI file: set GANTRY_OPENAPI to check responses against Docker’s schemas', () => {
    assert.equal(process.env['CI'], undefined, 'GANTRY_OPENAPI must be set in CI');
  });
} else {
  describe('responses against the OpenAPI file', () => {
    let server: TestServer;
    let api: OpenApi;

    before(async () => {
      api = OpenApi.load(file);
      server = await startTestServer();
      const body = { Image: 'busybox', Cmd: ['sleep'], Labels: { a: 'b' } };
      await send(server.socketPath, 'POST', '/containers/create?name=running', { body });
      await send(server.socketPath, 'POST', '/containers/running/start');
      await send(server.socketPath, 'POST', '/volumes/create', { body: { Name: 'data' } });
      server.system.send({
        Type: 'container',
        Action: 'start',
        Actor: { ID: 'ab', Attributes: { image: 'x' } },
        time: 1,
      });
    });
    after(() => server[Symbol.asyncDispose]());

    const cases: [string, string, number, object?][] = [
      ['GET', '/_ping', 200],
      ['HEAD', '/_ping', 200],
      ['GET', '/version', 200],
      ['GET', '/info', 200],
      ['GET', '/events?since=1&until=2', 200],
      ['GET', '/events?filters={"bogus":["x"]}', 400],
      ['GET', '/containers/json?all=1', 200],
      ['POST', '/containers/create?name=made', 201, { Image: 'busybox', Cmd: ['exit', '0'] }],
      ['POST', '/containers/create', 404, { Image: 'nosuch' }],
      ['POST', '/containers/create', 400, { Image: 1 }],
      ['GET', '/containers/running/json', 200],
      ['GET', '/containers/nosuch/json', 404],
      ['GET', '/containers/running/top', 200],
      ['POST', '/containers/running/start', 304],
      ['POST', '/containers/running/resize?h=1&w=2', 200],
      ['POST', '/containers/running/pause', 204],
      ['POST', '/containers/running/unpause', 204],
      ['POST', '/containers/running/rename?name=renamed', 204],
      ['POST', '/containers/renamed/rename?name=running', 204],
      ['DELETE', '/containers/running', 409],
      ['POST', '/containers/running/exec', 201, { Cmd: ['echo', 'x'], AttachStdout: true }],
      ['POST', '/exec/nosuch/start', 404, {}],
      ['GET', '/containers/running/logs?stdout=1', 200],
      ['GET', '/images/json', 200],
      ['GET', '/images/busybox:latest/json', 200],
      ['GET', '/images/busybox:latest/history', 200],
      ['POST', '/images/busybox:latest/tag?repo=localhost:5000/a/b&tag=c', 201],
      ['DELETE', '/images/localhost:5000/a/b:c', 200],
      ['POST', '/images/create?fromImage=docker.io/library/alpine&tag=3', 200],
      ['POST', '/images/create?fromImage=nosuch&tag=1', 404],
      ['GET', '/images/get?names=busybox', 200],
      ['GET', '/networks', 200],
      ['GET', '/networks/bridge', 200],
      ['GET', '/networks/nosuch', 404],
      ['GET', '/volumes', 200],
      ['GET', '/volumes/data', 200],
      ['GET', '/volumes/nosuch', 404],
      ['DELETE', '/volumes/data', 204],
      ['GET', '/plugins', 200],
      ['GET', '/nodes', 503],
      ['POST', '/build', 200],
      ['POST', '/containers/running/kill', 204],
      ['POST', '/containers/running/wait', 200],
      ['DELETE', '/containers/running', 204],
    ];
    it('finds wrong types, nulls, missing and unknown fields, undocumented statuses and content types', () => {
      const recorded = {
        method: 'GET',
        url: '/v1.51/containers/json',
        status: 200,
        contentType: 'application/json',
      };
      const check = (body: unknown, strictNulls = true): string[] =>
        api.check({ ...recorded, body: JSON.stringify(body) }, { strictNulls });
      assert.deepEqual(check([{ Id: 1 }]), ['GET /containers/json 200: /0/Id must be string']);
      assert.deepEqual(check([{ Bogus: 1 }]), ["GET /containers/json 200: '[0].Bogus' is not in the schema"]);
      assert.deepEqual(check([{ Ports: null }], false), []);
      assert.match(check([{ Ports: null }])[0] ?? '', /Ports must be array/);
      assert.match(
        check([{ Ports: [{ Type: 'tcp' }] }])[0] ?? '',
        /must have required property 'PrivatePort'/,
      );
      assert.deepEqual(api.check({ ...recorded, status: 204, body: '' }), [
        'GET /containers/json 204: undocumented status',
      ]);
      assert.deepEqual(
        api.check({ ...recorded, contentType: 'application/json; charset=utf-8', body: '[]' }),
        ['GET /containers/json 200: Content-Type is application/json; charset=utf-8'],
      );
      assert.throws(() => api.check({ ...recorded, url: '/nosuch', body: '' }), /no operation GET \/nosuch/);
    });

    for (const [method, url, status, body] of cases) {
      it(`${method} ${url} answers ${status} as documented`, async () => {
        const path = `/v1.51${url.replaceAll('{', '%7B').replaceAll('}', '%7D').replaceAll('"', '%22')}`;
        const response = await send(server.socketPath, method, path, body === undefined ? {} : { body });
        assert.equal(response.status, status, response.text);
        const recorded = {
          method,
          url,
          status,
          contentType: response.headers['content-type'],
          body: response.text,
        };
        assert.deepEqual(api.check(recorded, { strictNulls: true }), []);
      });
    }
  });
}
