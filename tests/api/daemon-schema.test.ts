import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { send } from '@gantry/http-api/testing';
import { busyboxImage, loadBusybox } from '../support/busybox-image.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { OpenApi } from './openapi.ts';

const file = process.env['GANTRY_OPENAPI'] ?? '';

/** A request with an option of nearly every kind, so that an inspect has them all. */
const rich = {
  Image: busyboxImage,
  Cmd: ['sleep', '1000'],
  Env: ['A=1'],
  Labels: { a: 'b' },
  Hostname: 'rich',
  WorkingDir: '/tmp',
  User: '0:0',
  ExposedPorts: { '80/tcp': {} },
  Volumes: { '/anonymous': {} },
  StopSignal: 'SIGKILL',
  StopTimeout: 1,
  HostConfig: {
    Binds: ['named:/named:ro'],
    Tmpfs: { '/scratch': 'size=1m' },
    PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 },
    Memory: 64 * 1024 * 1024,
    NanoCpus: 500_000_000,
    PidsLimit: 100,
    Ulimits: [{ Name: 'nofile', Soft: 1000, Hard: 1000 }],
    CapDrop: ['CHOWN'],
  },
};

if (file !== '') {
  describe('responses of gantryd against the OpenAPI file', () => {
    let daemon: TestDaemon;
    let api: OpenApi;

    before(async () => {
      api = OpenApi.load(file);
      daemon = await TestDaemon.start();
      await loadBusybox(daemon);
    });
    after(() => daemon[Symbol.asyncDispose]());

    /** Sends, and checks status and shape; returns what was answered. */
    async function call(method: string, url: string, status: number, body?: object): Promise<string> {
      const path = `/v1.51${url}`;
      const response = await send(daemon.socketPath, method, path, body === undefined ? {} : { body });
      assert.equal(response.status, status, `${method} ${url}: ${response.text}`);
      const contentType = response.headers['content-type'];
      assert.deepEqual(api.check({ method, url, status, contentType, body: response.text }), []);
      return response.text;
    }

    it('about the engine', async () => {
      for (const url of [
        '/version',
        '/info',
        '/_ping',
        '/networks',
        '/networks/bridge',
        '/networks/host',
        '/plugins',
      ]) {
        await call('GET', url, 200);
      }
      await call('GET', '/networks/nosuch', 404);
    });

    it('about images', async () => {
      await call('GET', '/images/json', 200);
      await call('GET', `/images/${busyboxImage}/json`, 200);
      await call('GET', `/images/${busyboxImage}/history`, 200);
      await call('POST', `/images/${busyboxImage}/tag?repo=other&tag=1`, 201);
      await call('DELETE', '/images/other:1', 200);
      await call('GET', '/images/nosuch/json', 404);
      await call('POST', '/images/create?fromImage=127.0.0.1:1/nosuch&tag=1', 500);
    });

    it('about volumes', async () => {
      await call('POST', '/volumes/create', 201, { Name: 'kept', Labels: { a: 'b' } });
      await call('GET', '/volumes', 200);
      await call('GET', '/volumes/kept', 200);
      await call('GET', '/volumes/nosuch', 404);
      await call('DELETE', '/volumes/kept', 204);
    });

    it('about networks, and a container on two of them', async () => {
      await call('POST', '/networks/create', 201, { Name: 'schema', Labels: { a: 'b' } });
      await call('POST', '/networks/create', 409, { Name: 'schema' });
      await call('POST', '/networks/create', 403, { Name: 'bridge' });
      await call('POST', '/networks/create', 404, { Name: 'x', Driver: 'nodriver' });
      const IPAM = { Config: [{ Subnet: 'nonsense' }] };
      await call('POST', '/networks/create', 400, { Name: 'x', IPAM });
      await call('GET', '/networks', 200);
      await call('POST', '/containers/create?name=joined', 201, {
        Image: busyboxImage,
        Cmd: ['sleep', '1000'],
      });
      const EndpointConfig = { Aliases: ['here'], GwPriority: 1 };
      await call('POST', '/networks/schema/connect', 200, { Container: 'joined', EndpointConfig });
      await call('GET', '/containers/joined/json', 200);
      await call('POST', '/containers/joined/start', 204);
      await call('GET', '/containers/joined/json', 200);
      await call('GET', '/containers/json', 200);
      await call('GET', '/networks/schema', 200);
      await call('DELETE', '/networks/schema', 403);
      await call('POST', '/networks/nosuch/connect', 404, { Container: 'joined' });
      await call('POST', '/networks/schema/connect', 404, { Container: 'nosuch' });
      await call('POST', '/networks/schema/disconnect', 200, { Container: 'joined' });
      await call('POST', '/networks/schema/disconnect', 500, { Container: 'joined' });
      await call('POST', '/networks/prune', 200);
      await call('DELETE', '/networks/schema', 404);
      await call('DELETE', '/networks/bridge', 403);
      await call('DELETE', '/containers/joined?force=1', 204);
    });

    it('about a container through its life', async () => {
      await call('POST', '/containers/create?name=rich', 201, rich);
      await call('POST', '/containers/create?name=rich', 409, rich);
      await call('GET', '/containers/rich/json?size=1', 200);
      await call('GET', '/containers/json?all=1&size=1', 200);
      await call('POST', '/containers/rich/start', 204);
      await call('POST', '/containers/rich/start', 304);
      await call('GET', '/containers/rich/json', 200);
      await call('GET', '/containers/json', 200);
      await call('GET', '/containers/rich/top', 200);
      await call('GET', '/networks/bridge', 200);
      const exec = JSON.parse(await call('POST', '/containers/rich/exec', 201, { Cmd: ['true'] })) as {
        Id: string;
      };
      await call('GET', `/exec/${exec.Id}/json`, 200);
      await call('POST', `/exec/${exec.Id}/start`, 200, { Detach: true });
      await call('POST', '/containers/rich/pause', 204);
      await call('GET', '/containers/rich/json', 200);
      await call('POST', '/containers/rich/exec', 409, { Cmd: ['true'] });
      await call('POST', '/containers/rich/unpause', 204);
      await call('DELETE', '/containers/rich', 409);
      await call('POST', '/containers/rich/stop', 204);
      await call('POST', '/containers/rich/stop', 304);
      await call('POST', '/containers/rich/wait', 200);
      await call('GET', '/containers/rich/json', 200);
      await call('POST', '/containers/rich/kill', 409);
      await call('DELETE', '/containers/rich?v=1', 204);
      await call('GET', '/containers/rich/json', 404);
      await call('DELETE', '/volumes/named', 204);
    });

    it('about what happened', async () => {
      const text = await call('GET', `/events?since=1&until=${Math.ceil(Date.now() / 1000)}`, 200);
      const actions = text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { Action: string }).Action);
      for (const action of ['create', 'start', 'pause', 'die', 'destroy', 'tag'])
        assert.ok(actions.includes(action), action);
    });
  });
}
