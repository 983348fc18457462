import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Network } from '@gantry/api-types';
import { send, type TestRequest, type TestResponse } from '../../testing/test-client.ts';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const call = (method: string, path: string, body?: TestRequest['body']): Promise<TestResponse> =>
  send(server.socketPath, method, path, body === undefined ? {} : { body });

async function message(answer: Promise<TestResponse>): Promise<[number, unknown]> {
  const { status, json } = await answer;
  return [status, (json() as { message: unknown }).message];
}

describe('networks', () => {
  it('are made, looked at, connected and removed with Docker’s statuses', async () => {
    const made = await call('POST', '/networks/create', { Name: 'web', Labels: { a: 'b' } });
    assert.equal(made.status, 201);
    const { Id, Warning } = made.json() as { Id: string; Warning: string };
    assert.deepEqual([Id.length, Warning], [64, '']);
    const shown = (await call('GET', '/networks/web')).json() as Network;
    assert.deepEqual([shown.Id, shown.Labels], [Id, { a: 'b' }]);
    const connect = await call('POST', '/networks/web/connect', {
      Container: 'c1',
      EndpointConfig: { Aliases: ['db'], IPAMConfig: { IPv4Address: '10.0.0.9' }, GwPriority: 3 },
    });
    assert.deepEqual([connect.status, connect.text], [200, '']);
    assert.deepEqual(server.networks.connects, [
      {
        Container: 'c1',
        EndpointConfig: { Aliases: ['db'], IPAMConfig: { IPv4Address: '10.0.0.9' }, GwPriority: 3 },
      },
    ]);
    const disconnect = await call('POST', `/networks/${Id}/disconnect`, { Container: 'c1', Force: true });
    assert.deepEqual([disconnect.status, disconnect.text], [200, '']);
    assert.deepEqual(server.networks.disconnects, [{ Container: 'c1', Force: true }]);
    const removed = await call('DELETE', '/networks/web');
    assert.deepEqual([removed.status, removed.text], [204, '']);
  });

  it('are refused with the backend’s status and text', async () => {
    await call('POST', '/networks/create', { Name: 'web' });
    assert.deepEqual(await message(call('POST', '/networks/create', { Name: 'web' })), [
      409,
      'network with name web already exists',
    ]);
    assert.deepEqual(await message(call('GET', '/networks/nope')), [404, 'network nope not found']);
    assert.deepEqual(await message(call('DELETE', '/networks/nope')), [404, 'network nope not found']);
    assert.deepEqual(await message(call('DELETE', '/networks/bridge')), [
      403,
      'bridge is a pre-defined network and cannot be removed',
    ]);
    assert.equal((await call('POST', '/networks/nope/connect', { Container: 'c' })).status, 404);
  });

  it('are looked for in the scope that is asked for', async () => {
    assert.equal((await call('GET', '/networks/bridge?scope=local')).status, 200);
    assert.equal((await call('GET', '/networks/bridge?scope=swarm')).status, 404);
  });

  it('tell who is on them in a list up to API 1.27', async () => {
    await call('POST', '/networks/bridge/connect', { Container: 'c1' });
    for (const [version, ids] of [
      ['1.27', ['c1']],
      ['1.28', []],
      ['1.51', []],
    ] as const) {
      const [bridge] = (await call('GET', `/v${version}/networks`)).json() as Network[];
      assert.deepEqual(Object.keys(bridge?.Containers ?? {}), ids, version);
    }
  });

  it('can be without IPv4 since API 1.48', async () => {
    await call('POST', '/v1.47/networks/create', { Name: 'old', EnableIPv4: false });
    await call('POST', '/v1.48/networks/create', { Name: 'new', EnableIPv4: false, EnableIPv6: true });
    assert.deepEqual(
      server.networks.creates.map(({ EnableIPv4, EnableIPv6 }) => [EnableIPv4, EnableIPv6]),
      [
        [undefined, undefined],
        [false, true],
      ],
    );
  });

  it('with a body of another shape are refused by the field’s name', async () => {
    assert.deepEqual(await message(call('POST', '/networks/create', { Name: 'x', IPAM: { Config: {} } })), [
      400,
      'invalid JSON: IPAM.Config must be a list, not object',
    ]);
    assert.deepEqual(await message(call('POST', '/networks/bridge/connect', { Container: 7 })), [
      400,
      'invalid JSON: Container must be a string, not number',
    ]);
  });
});
