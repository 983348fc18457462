import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ApiClient } from '../api-client.ts';
import { ApiError, ConnectionFailedError, ProtocolError, TruncatedResponseError } from '../errors.ts';

type Answer = (socket: Socket, request: string) => void | Promise<void>;

/** A raw server: it answers once the head of a request is there, and keeps all that it was sent. */
class RawServer implements AsyncDisposable {
  readonly directory: string = mkdtempSync(path.join(tmpdir(), 'gantry-client-'));
  readonly client: ApiClient;
  readonly received: string[] = [];
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets = new Set<Socket>();

  private constructor(answers: readonly Answer[]) {
    let connections = 0;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const index = connections++;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      this.received[index] = '';
      let answered = false;
      socket.on('data', (chunk: Buffer) => {
        this.received[index] += chunk.toString('latin1');
        if (answered || !this.received[index]?.includes('\r\n\r\n')) return;
        answered = true;
        void answers[Math.min(index, answers.length - 1)]?.(socket, this.received[index] ?? '');
      });
    });
    this.client = new ApiClient({ address: { kind: 'unix', path: path.join(this.directory, 's') } });
  }

  static async start(...answers: Answer[]): Promise<RawServer> {
    const server = new RawServer(answers);
    server.#server.listen(path.join(server.directory, 's'));
    await once(server.#server, 'listening');
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    rmSync(this.directory, { recursive: true });
  }
}

const get = { method: 'GET', path: '/x' } as const;

/** Both ways of reading a response: at once, and as a stream. */
const ways: readonly (readonly [string, (client: ApiClient) => Promise<unknown>])[] = [
  ['whole', (client) => client.json(get)],
  [
    'streamed',
    async (client) => {
      const chunks: Buffer[] = [];
      for await (const chunk of (await client.request(get)).body) chunks.push(chunk);
      return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
    },
  ],
];
const ok = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Sends byte for byte, each in a write of its own. */
async function dribble(socket: Socket, text: string): Promise<void> {
  socket.setNoDelay(true);
  for (const byte of Buffer.from(text, 'latin1')) {
    await new Promise((resolve) => socket.write(Uint8Array.of(byte), resolve));
  }
}

for (const [way, read] of ways) {
  test(`reads a response whose every byte comes alone, ${way}`, async () => {
    const chunked =
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\n{"a":\r\n2\r\n1}\r\n0\r\nTrailer: x\r\n\r\n';
    await using server = await RawServer.start((socket) => dribble(socket, chunked));
    assert.deepEqual(await read(server.client), { a: 1 });
  });

  test(`reads a body of many chunks with ends of chunks in its data, ${way}`, async () => {
    const text = JSON.stringify('\r\n\r\n0\r\n\r\n'.repeat(20_000));
    await using server = await RawServer.start(async (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (let at = 0; at < text.length; at += 9000) {
        const part = text.slice(at, at + 9000);
        await new Promise((resolve) => socket.write(`${part.length.toString(16)}\r\n${part}\r\n`, resolve));
      }
      socket.write('0\r\n\r\n');
    });
    assert.equal(JSON.stringify(await read(server.client)), text);
  });
}

test('refuses a body that is not JSON', async () => {
  await using server = await RawServer.start((socket) => void socket.end(ok('{')));
  await assert.rejects(server.client.json(get), ProtocolError);
});

test('sends method, version, host and length', async () => {
  await using server = await RawServer.start((socket) => void socket.end(ok('{}')));
  await server.client.json({
    method: 'POST',
    path: '/y',
    query: { a: 'b c', list: ['1', '2'], no: undefined },
    json: { k: 'ü' },
  });
  const [head = '', body] = server.received[0]?.split('\r\n\r\n') ?? [];
  assert.equal(head.split('\r\n')[0], 'POST /v1.51/y?a=b%20c&list=1&list=2 HTTP/1.1');
  assert.match(head, /\r\nHost: localhost\r\n/);
  assert.match(head, /\r\nContent-Type: application\/json\r\n/);
  assert.match(head, /\r\nContent-Length: 10/);
  assert.equal(Buffer.from(body ?? '', 'latin1').toString(), '{"k":"ü"}');
});

test('reads until the end of the connection when neither length nor chunks tell the size', async () => {
  await using server = await RawServer.start((socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n[1,2]'));
  assert.deepEqual(await server.client.json(get), [1, 2]);
});

test('skips informational responses', async () => {
  await using server = await RawServer.start(
    (socket) => void socket.end(`HTTP/1.1 100 Continue\r\n\r\n${ok('7')}`),
  );
  assert.equal(await server.client.json(get), 7);
});

test('waits for no body after 204 and 304', async () => {
  for (const status of ['204 No Content', '304 Not Modified']) {
    await using server = await RawServer.start((socket) => void socket.write(`HTTP/1.1 ${status}\r\n\r\n`));
    await server.client.send({ method: 'POST', path: '/x' });
    assert.equal(await server.client.json({ method: 'POST', path: '/x' }), undefined);
  }
});

for (const [what, response] of [
  ['a head', 'HTTP/1.1 200 OK\r\nContent-'],
  ['a body with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"a"'],
  ['a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"a"'],
  ['a chunked body', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n'],
] as const) {
  for (const [way, read] of ways) {
    test(`tells that the connection ended in the midst of ${what}, read ${way}`, async () => {
      await using server = await RawServer.start((socket) => void socket.end(response));
      await assert.rejects(read(server.client), TruncatedResponseError);
    });
  }
}

for (const [what, response] of [
  ['something that is not HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['a head of a megabyte', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1 << 20)}\r\n\r\n`],
  ['a chunk size that is no number', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ['an endless chunk size', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1'.repeat(20_000)}`],
  ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
  ['an unknown transfer coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'],
  ['a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
] as const) {
  for (const [way, read] of ways) {
    test(`refuses ${what}, read ${way}`, async () => {
      await using server = await RawServer.start((socket) => void socket.end(response));
      await assert.rejects(read(server.client), ProtocolError);
    });
  }
}

for (const [body, message] of [
  ['{"message":"No such container: x"}', 'No such container: x'],
  ['plain words', 'plain words'],
  ['', 'request returned 404 for API route /x, check if the server supports the requested API version'],
] as const) {
  test(`throws the engine's message of an error body: ${body || 'none'}`, async () => {
    const response = `HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    await using server = await RawServer.start((socket) => void socket.end(response));
    await assert.rejects(server.client.json(get), (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.status, error.kind, error.message], [404, 'not-found', message]);
      return true;
    });
  });
}

test('tells a missing socket by its address', async () => {
  const client = new ApiClient({ address: { kind: 'unix', path: '/nonexistent/engine.sock' } });
  await assert.rejects(client.json(get), (error) => {
    assert.ok(error instanceof ConnectionFailedError);
    assert.equal(error.kind, 'unavailable');
    assert.match(
      error.message,
      /Cannot connect to the Gantry engine at unix:\/\/\/nonexistent\/engine\.sock/,
    );
    return true;
  });
});

test('calls onUnreachable once, and tries again after it', async () => {
  await using server = await RawServer.start((socket) => void socket.end(ok('"hi"')));
  const { address } = server.client;
  let calls = 0;
  const wrong = { kind: 'unix', path: '/nonexistent/engine.sock' } as const;
  const client = new ApiClient({
    address: wrong,
    onUnreachable: async () => {
      calls += 1;
      Object.assign(wrong, address);
    },
  });
  assert.equal(await client.json(get), 'hi');
  assert.equal(calls, 1);
});

test('falls back to the version that the engine speaks, once', async () => {
  const refusal = '{"message":"client version 1.51 is too new. Maximum supported API version is 1.41"}';
  await using server = await RawServer.start(
    (socket) =>
      void socket.end(`HTTP/1.1 400 Bad Request\r\nContent-Length: ${refusal.length}\r\n\r\n${refusal}`),
    (socket) => void socket.end('HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n'),
    (socket) => void socket.end(ok('1')),
  );
  assert.equal(await server.client.json(get), 1);
  assert.equal(await server.client.json(get), 1);
  const targets = server.received.map((request) => request.split(' ').slice(0, 2).join(' '));
  assert.deepEqual(targets, ['GET /v1.51/x', 'HEAD /_ping', 'GET /v1.41/x', 'GET /v1.41/x']);
});

test('streams a body in chunks after settling the version', async () => {
  await using server = await RawServer.start(
    (socket) => void socket.end('HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\n\r\n'),
    (socket) => {
      const answerWhenWhole = (): void => {
        if (server.received[1]?.endsWith('0\r\n\r\n')) socket.end(ok('2'));
      };
      answerWhenWhole();
      socket.on('data', answerWhenWhole);
    },
  );
  async function* parts(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('abc');
    yield Buffer.alloc(0);
    yield Buffer.from('d');
  }
  assert.equal(await server.client.json({ method: 'POST', path: '/load', body: parts() }), 2);
  assert.match(
    server.received[1] ?? '',
    /Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n$/,
  );
});

test('sees an early refusal while a streamed body is still being sent, and stops sending', async () => {
  const refusal = ok('{"message":"disk full"}').replace('200 OK', '507 Insufficient Storage');
  await using server = await RawServer.start(
    (socket) => void socket.end('HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\n\r\n'),
    (socket) => void socket.write(refusal),
  );
  let stopped = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await new Promise<Uint8Array>((resolve) => setImmediate(resolve, Buffer.alloc(1000)));
    } finally {
      stopped = true;
    }
  }
  await assert.rejects(server.client.json({ method: 'POST', path: '/load', body: endless() }), /disk full/);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(stopped);
});

test('an aborted signal ends the request, and the reading of its body', async () => {
  await using server = await RawServer.start(
    (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx'),
  );
  const controller = new AbortController();
  const response = await server.client.request({ ...get, signal: controller.signal });
  const reading = (async () => {
    for await (const chunk of response.body) void chunk;
  })();
  controller.abort(new Error('enough'));
  await assert.rejects(reading, /enough|unexpected EOF/);
  await assert.rejects(server.client.request({ ...get, signal: controller.signal }), /enough/);
});

for (const status of ['101 UPGRADED', '200 OK']) {
  test(`hijacks after ${status}: raw bytes both ways, and half-close`, async () => {
    await using server = await RawServer.start((socket) => {
      socket.write(`HTTP/1.1 ${status}\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nfirst`);
      socket.on('end', () => socket.end('last'));
    });
    const stream = await server.client.hijack({ method: 'POST', path: '/attach' });
    assert.match(server.received[0] ?? '', /Connection: Upgrade\r\nUpgrade: tcp/);
    await stream.write(Buffer.from('input'));
    stream.closeWrite();
    let text = '';
    for await (const chunk of stream) text += chunk.toString();
    assert.equal(text, 'firstlast');
    assert.match(server.received[0] ?? '', /\r\n\r\ninput$/);
  });
}

test('holds a fast sender up while nobody reads', async () => {
  let sentBytes = 0;
  await using server = await RawServer.start(async (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const chunk = Buffer.alloc(64 * 1024);
    while (!socket.destroyed && sentBytes < 64 << 20) {
      sentBytes += chunk.length;
      if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
    }
    socket.end();
  });
  const response = await server.client.request(get);
  const iterator = response.body[Symbol.asyncIterator]();
  await iterator.next();
  // the sender has filled what it can when its event loop has turned a few times without progress
  for (let before = -1; before !== sentBytes; ) {
    before = sentBytes;
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(sentBytes < 8 << 20, `${sentBytes} bytes were taken`);
  response.close();
});
