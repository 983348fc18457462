import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { footprintOf } from '../support/footprint.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

/** The real socket; http-api's own tests go through every way a request can be wrong. */
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

async function open(): Promise<Socket> {
  const socket = connect(daemon.socketPath);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes as they are and resolves with the whole answer, once the engine closes or `enough` is there. */
async function exchange(request: string | Buffer): Promise<string> {
  const socket = await open();
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.end(request);
  if (!socket.closed) await once(socket, 'close');
  return answer;
}

function create(body: string, headers = ''): string {
  return `POST /v1.51/containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
}

async function assertServes(): Promise<void> {
  assert.equal(await daemon.ok('run', '--rm', 'mirror/busybox', 'echo', 'serves'), 'serves');
}

test('bodies that are malformed, deep, of the wrong kind or huge get 400 and say why', async () => {
  const deep = 100_000;
  const bodies: [string, RegExp][] = [
    ['{"Image":', /JSON/],
    ['', /config cannot be empty/],
    ['[]', /object|body|must/i],
    ['null', /object|body|config/i],
    [`${'['.repeat(deep)}${']'.repeat(deep)}`, /deep|nest/],
    [`{"Labels":${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}}`, /deep|nest/],
    ['{"Image":"mirror/busybox","Cmd":7}', /Cmd/],
    ['{"Image":"mirror/busybox","HostConfig":{"Memory":"much"}}', /Memory/],
    ['{"Image":"mirror/busybox","HostConfig":{"Memory":1e400}}', /Memory/],
    ['{"Image":"mirror/busybox","Env":[null]}', /Env|environment/],
    ['{"Image":"../../etc"}', /invalid reference format/],
    ['{"Image":"mirror/busybox","Hostname":"a b"}', /Hostname|hostname/],
  ];
  for (const [body, message] of bodies) {
    const answer = await exchange(create(body));
    assert.match(answer, /^HTTP\/1\.1 400 /, body.slice(0, 60));
    assert.match(answer, message, `${body.slice(0, 60)}: ${answer.slice(-300)}`);
  }
  const huge = await exchange(create(`{"Image":"${'x'.repeat(32 * 1024 * 1024)}"}`));
  assert.match(huge, /^HTTP\/1\.1 (400|413) /);
  assert.equal(await daemon.ok('ps', '-aq'), '');
  await assertServes();
});

test('keys that reach for the prototype of an object do nothing', async () => {
  const label = '{"Image":"mirror/busybox","Labels":{"__proto__":"a"}}';
  assert.match(await exchange(create(label)), /^HTTP\/1\.1 400 .*__proto__/s);
  const created = await exchange(create('{"Image":"mirror/busybox","__proto__":{"Tty":true}}'));
  const [id = ''] = /[0-9a-f]{64}/.exec(created) ?? [];
  assert.equal(await daemon.ok('inspect', '-f', '{{.Config.Tty}}', id), 'false');
  await daemon.ok('rm', id);
});

test('headers that are huge, split, doubled or smuggling are refused, and paths that climb are no paths', async () => {
  const requests: [string, RegExp][] = [
    [`GET /_ping HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(1024 * 1024)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['GET /_ping HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['\u0000\u0001\u0002\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'GET /v1.51/containers/..%2f..%2fetc/json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 40[04] /,
    ],
    [
      'GET /v1.51/containers/%00/json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 40[04] /,
    ],
    ['GET /v9.99/info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400 .*too new/s],
    ['GET /no/such/page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 404 /],
  ];
  for (const [request, expected] of requests) {
    assert.match(await exchange(request), expected, JSON.stringify(request.slice(0, 80)));
  }
  await assertServes();
});

test('hundreds of clients that dawdle over their headers or bodies hold nobody up and leave no descriptor', async () => {
  const before = footprintOf(daemon.pid).descriptors;
  // More at once than the backlog (listen(2)) the kernel itself refuses.
  const dawdlers = await Promise.all(Array.from({ length: 400 }, open));
  for (const [index, socket] of dawdlers.entries()) {
    socket.write(
      index % 2 === 0
        ? 'GET /_ping HTTP/1.1\r\nHost: x\r\nX-'
        : create('{').replace(/-Length: \d+/, '-Length: 99'),
    );
  }
  const started = performance.now();
  await assertServes();
  assert.ok(performance.now() - started < 10_000);
  for (const socket of dawdlers) socket.destroy();
  await until('their descriptors are closed', () => footprintOf(daemon.pid).descriptors <= before + 4);
});

test('clients that vanish in the middle of every kind of stream leave no descriptor', async () => {
  const id = await daemon.ok(
    'run',
    '-dit',
    'mirror/busybox',
    'sh',
    '-c',
    'while :; do date; sleep 0.01; done',
  );
  await assertServes();
  const before = footprintOf(daemon.pid).descriptors;
  const upgrade = 'Connection: Upgrade\r\nUpgrade: tcp\r\n';
  const requests = [
    `POST /containers/${id}/attach?stream=1&stdout=1&stdin=1 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
    `GET /containers/${id}/logs?follow=1&stdout=1 HTTP/1.1\r\nHost: x\r\n\r\n`,
    'GET /events HTTP/1.1\r\nHost: x\r\n\r\n',
    `POST /containers/${id}/wait HTTP/1.1\r\nHost: x\r\n\r\n`,
    'POST /images/load HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n',
  ];
  await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const socket = await open();
      socket.write(requests[index % requests.length] ?? '');
      if (index % requests.length < 2) await once(socket, 'data');
      socket.destroy();
    }),
  );
  await until('their descriptors are closed', () => footprintOf(daemon.pid).descriptors <= before + 2);
  assert.equal(await daemon.ok('inspect', '-f', '{{.State.Running}}', id), 'true');
  await daemon.ok('rm', '-f', id);
});
