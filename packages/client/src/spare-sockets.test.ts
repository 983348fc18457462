import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { temporaryRoot } from '@gantry/testkit';
import { ApiClient } from './api-client.ts';

/** Answers everything with how many connections were made to it. */
async function countingServer(socketPath: string): Promise<Server> {
  let connections = 0;
  const server = createServer((_request, response) => response.end(JSON.stringify({ connections })));
  server.on('connection', () => (connections += 1));
  server.listen(socketPath);
  await once(server, 'listening');
  return server;
}

test('requests take the connections that were made ahead, and make their own when none is left', async () => {
  await using root = await temporaryRoot('client');
  const socketPath = path.join(root.path, 'engine.sock');
  const server = await countingServer(socketPath);
  const client = new ApiClient({ address: { kind: 'unix', path: socketPath } });
  const ask = (): Promise<{ connections: number }> => client.json({ method: 'GET', path: '/count' });
  client.connectAhead(2);
  assert.equal((await ask()).connections, 2);
  assert.equal((await ask()).connections, 2);
  assert.equal((await ask()).connections, 3);
  server.closeAllConnections();
  server.close();
});

test('a connection ahead that fails is as if it had never been', async () => {
  await using root = await temporaryRoot('client');
  const socketPath = path.join(root.path, 'engine.sock');
  const client = new ApiClient({ address: { kind: 'unix', path: socketPath } });
  client.connectAhead(2);
  await assert.rejects(client.json({ method: 'GET', path: '/count' }), { kind: 'unavailable' });
  // The other one fails in the same turn of the event loop.
  await setImmediate();
  const server = await countingServer(socketPath);
  assert.deepEqual(await client.json({ method: 'GET', path: '/count' }), { connections: 1 });
  server.closeAllConnections();
  server.close();
});
