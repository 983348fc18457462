import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { FakeBuildkitBackend, startTestServer, type TestServer } from '../../testing/index.ts';

let server: TestServer;
const buildkit = new FakeBuildkitBackend();
before(async () => {
  server = await startTestServer({ buildkit });
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

function request(path: string, headers: http.OutgoingHttpHeaders): http.ClientRequest {
  return http.request({ socketPath: server.socketPath, method: 'POST', path, headers }).end();
}

async function upgraded(path: string, headers: http.OutgoingHttpHeaders = {}): Promise<Duplex> {
  const sent = request(path, { ...headers, connection: 'Upgrade', upgrade: 'h2c' });
  const [response, socket] = (await once(sent, 'upgrade')) as [http.IncomingMessage, Duplex];
  assert.equal(response.statusCode, 101);
  assert.equal(response.headers.upgrade, 'h2c');
  return socket;
}

async function answered(path: string, headers: http.OutgoingHttpHeaders = {}): Promise<[number, string]> {
  const [response] = (await once(request(path, headers), 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = await Array.fromAsync(response);
  return [response.statusCode ?? 0, Buffer.concat(chunks).toString()];
}

describe("BuildKit's connections", () => {
  it('are taken over by their own protocol', async () => {
    const socket = await upgraded('/v1.51/grpc');
    socket.write('anything');
    assert.equal(String((await once(socket, 'data'))[0]), 'anything');
    socket.destroy();
  });

  it('say what a session offers', async () => {
    const socket = await upgraded('/session', {
      'X-Docker-Expose-Session-Uuid': 'id',
      'X-Docker-Expose-Session-Name': 'name',
      'X-Docker-Expose-Session-Sharedkey': 'key',
      'X-Docker-Expose-Session-Grpc-Method': ['/a.B/C', '/a.B/D'],
    });
    assert.deepEqual(buildkit.sessions, [
      { id: 'id', name: 'name', sharedKey: 'key', methods: ['/a.B/C', '/a.B/D'] },
    ]);
    socket.destroy();
  });

  it('are refused without an upgrade, by another protocol, and without an id', async () => {
    assert.deepEqual(await answered('/grpc'), [400, '{"message":"no upgrade proto in request"}\n']);
    const other = { connection: 'Upgrade', upgrade: 'tcp' };
    assert.deepEqual(await answered('/grpc', other), [400, '{"message":"protocol tcp not supported"}\n']);
    const [status] = await answered('/session', { connection: 'Upgrade', upgrade: 'h2c' });
    assert.equal(status, 400);
  });
});
