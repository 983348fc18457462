import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { AttachOptions } from '@gantry/api-types';
import { FakeContainerBackend } from '../../testing/fake-container-backend.ts';
import { demultiplex, open, RawConnection, readResponse, send } from '../../testing/test-client.ts';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';
import type { AttachSession } from '../index.ts';

const upgrade = 'Connection: Upgrade\r\nUpgrade: tcp\r\n';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server[Symbol.asyncDispose]());

async function create(request: object): Promise<void> {
  const { status } = await send(server.socketPath, 'POST', '/containers/create?name=c', {
    body: { Image: 'busybox', ...request },
  });
  assert.equal(status, 201);
}

function attach(query: string, headers: string = upgrade, version = '/v1.51'): RawConnection {
  const connection = new RawConnection(server.socketPath);
  connection.write(
    `POST ${version}/containers/c/attach?${query} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: 0\r\n\r\n`,
  );
  return connection;
}

const start = (): Promise<unknown> => send(server.socketPath, 'POST', '/containers/c/start');

describe('attach', () => {
  it('upgrades, frames what the container prints, and closes at its end', async () => {
    await create({ Cmd: ['echo', 'hello'] });
    using connection = attach('stream=1&stdout=1&stderr=1');
    const head = await connection.until('\r\n\r\n');
    assert.equal(
      head,
      'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
    );
    await start();
    await connection.untilEnd();
    assert.deepEqual(demultiplex(connection.body), [{ stream: 1, text: 'hello\n' }]);
  });

  it('marks stderr as stream 2', async () => {
    await create({ Cmd: ['warn', 'oh'] });
    using connection = attach('stream=1&stdout=1&stderr=1');
    await connection.until('\r\n\r\n');
    await start();
    await connection.untilEnd();
    assert.deepEqual(demultiplex(connection.body), [{ stream: 2, text: 'oh\n' }]);
  });

  it('sends a terminal raw', async () => {
    await create({ Cmd: ['echo', 'hello'], Tty: true });
    using connection = attach('stream=1&stdout=1');
    assert.match(await connection.until('\r\n\r\n'), /Content-Type: application\/vnd.docker.raw-stream\r\n/);
    await start();
    await connection.untilEnd();
    assert.equal(connection.body.toString(), 'hello\r\n');
  });

  it('calls the framed stream raw for clients older than API 1.42', async () => {
    await create({ Cmd: ['echo', 'hello'] });
    using connection = attach('stream=1&stdout=1', upgrade, '/v1.41');
    assert.match(await connection.until('\r\n\r\n'), /Content-Type: application\/vnd.docker.raw-stream\r\n/);
    await start();
    await connection.untilEnd();
    assert.deepEqual(demultiplex(connection.body), [{ stream: 1, text: 'hello\n' }]);
  });

  it('goes on with the output after the client closed its half', async () => {
    await create({ Cmd: ['cat'], OpenStdin: true, StdinOnce: true });
    using connection = attach('stream=1&stdin=1&stdout=1');
    await connection.until('\r\n\r\n');
    await start();
    connection.write('one ');
    await connection.until('one ');
    connection.write('two');
    connection.halfClose();
    await connection.untilEnd();
    assert.equal(
      demultiplex(connection.body)
        .map(({ text }) => text)
        .join(''),
      'one two',
    );
  });

  it('takes input that came with the request', async () => {
    await create({ Cmd: ['cat'], OpenStdin: true, StdinOnce: true });
    using connection = new RawConnection(server.socketPath);
    connection.write(
      `POST /containers/c/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\nearly`,
    );
    connection.halfClose();
    await connection.until('\r\n\r\n');
    await start();
    await connection.untilEnd();
    assert.deepEqual(demultiplex(connection.body), [{ stream: 1, text: 'early' }]);
  });

  it('takes the connection over without an upgrade, with status 200', async () => {
    await create({ Cmd: ['cat'], OpenStdin: true, StdinOnce: true });
    using connection = attach('stream=1&stdin=1&stdout=1', '');
    assert.equal(
      await connection.until('\r\n\r\n'),
      'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n',
    );
    await start();
    connection.write('GET / HTTP/1.1\r\n\r\n');
    connection.halfClose();
    await connection.untilEnd();
    assert.deepEqual(demultiplex(connection.body), [{ stream: 1, text: 'GET / HTTP/1.1\r\n\r\n' }]);
  });

  it('drops what a client sends that attached no input', async () => {
    await create({ Cmd: ['sleep'] });
    for (const headers of [upgrade, '']) {
      using connection = attach('stream=1&stdout=1', headers);
      await connection.until('\r\n\r\n');
      connection.write('GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n');
      connection.halfClose();
      server.containers.find('c').process.print('still here');
      await connection.until('still here');
      assert.deepEqual(demultiplex(connection.body), [{ stream: 1, text: 'still here' }]);
    }
  });

  it('never runs what a client sends on a connection that is taken over', async () => {
    const smuggled = 'DELETE /containers/victim?force=1 HTTP/1.1\r\nHost: x\r\n\r\n';
    await create({ Cmd: ['sleep'] });
    const body = { Image: 'busybox', Cmd: ['sleep'] };
    await send(server.socketPath, 'POST', '/containers/create?name=victim', { body });
    for (const headers of [upgrade, '']) {
      for (const query of ['stream=1&stdout=1', 'stream=1&stdout=1&stdin=1']) {
        using after = attach(query, headers);
        await after.until('\r\n\r\n');
        after.write(smuggled);
        server.containers.find('c').process.print('marker');
        await after.until('marker');
        using before = new RawConnection(server.socketPath);
        before.write(`POST /containers/c/attach?${query} HTTP/1.1\r\nHost: x\r\n${headers}\r\n${smuggled}`);
        before.halfClose();
        if (headers === '') await before.untilEnd();
        else await before.until('\r\n\r\n');
        assert.equal((await send(server.socketPath, 'GET', '/containers/victim/json')).status, 200);
        server.containers.find('c').process.print('goes on');
        await after.until('goes on');
      }
    }
  });

  it('answers plain JSON when the container is unknown or paused', async () => {
    await create({ Cmd: ['sleep'] });
    using unknown = new RawConnection(server.socketPath);
    unknown.write(`POST /containers/nosuch/attach?stream=1 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
    const answer = (await unknown.untilEnd()).toString();
    assert.match(answer, /^HTTP\/1.1 404 /);
    assert.match(answer, /\{"message":"No such container: nosuch"\}/);
    await start();
    await send(server.socketPath, 'POST', '/containers/c/pause');
    using paused = attach('stream=1&stdout=1');
    assert.match((await paused.untilEnd()).toString(), /^HTTP\/1.1 409 /);
  });

  it('leaves nothing behind, a thousand times over', async () => {
    await create({ Cmd: ['sleep'] });
    await start();
    const { process } = server.containers.find('c');
    for (let round = 0; round < 100; round += 1) {
      const clients = Array.from({ length: 10 }, (_, index) =>
        attach('stream=1&stdin=1&stdout=1', index % 2 === 0 ? upgrade : ''),
      );
      await Promise.all(clients.map((client) => client.until('\r\n\r\n')));
      for (const { socket } of clients) socket.destroy();
      await process.subscriberLeft();
    }
    assert.equal(process.subscriberCount, 0);
  });

  it('lets go of the session when the client disappears', async () => {
    await create({ Cmd: ['sleep'] });
    await start();
    const { process } = server.containers.find('c');
    const connection = attach('stream=1&stdout=1');
    await connection.until('\r\n\r\n');
    assert.equal(process.subscriberCount, 1);
    connection.socket.destroy();
    await process.subscriberLeft();
    assert.equal(process.subscriberCount, 0);
  });
});

describe('attach to a container that does not read', () => {
  it('stops reading the client, and still notices that it has gone', async () => {
    class DeafContainers extends FakeContainerBackend {
      written = 0;
      override async attach(ref: string, options: AttachOptions): Promise<AttachSession> {
        const session = await super.attach(ref, options);
        const write = (data: Uint8Array): Promise<void> => {
          this.written += data.length;
          return new Promise(() => {});
        };
        return { ...session, input: { write, end: () => {} } };
      }
    }
    const containers = new DeafContainers();
    await using deaf = await startTestServer({ containers, limits: { goneProbeIntervalMs: 20 } });
    await send(deaf.socketPath, 'POST', '/containers/create?name=c', {
      body: { Image: 'busybox', Cmd: ['sleep'] },
    });
    await send(deaf.socketPath, 'POST', '/containers/c/start');
    const connection = new RawConnection(deaf.socketPath);
    connection.write(`POST /containers/c/attach?stream=1&stdin=1 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
    await connection.until('\r\n\r\n');
    for (let sent = 0; sent < 100; sent += 1) connection.write(Buffer.alloc(100_000));
    while (containers.written === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(containers.written <= 65_536, `${containers.written} bytes taken`);
    connection.socket.destroy();
    await containers.find('c').process.subscriberLeft();
    assert.ok(containers.written <= 65_536);
  });
});

describe('attach after a half-close', () => {
  it('notices that the client has gone, though the container prints nothing', async () => {
    await using quick = await startTestServer({ limits: { goneProbeIntervalMs: 20 } });
    const { containers, socketPath } = quick;
    await send(socketPath, 'POST', '/containers/create?name=c', {
      body: { Image: 'busybox', Cmd: ['sleep'] },
    });
    await send(socketPath, 'POST', '/containers/c/start');
    const connection = new RawConnection(socketPath);
    connection.write(`POST /containers/c/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
    connection.halfClose();
    await connection.until('\r\n\r\n');
    const { process } = containers.find('c');
    process.print('one');
    await connection.until('one');
    connection.socket.destroy();
    await process.subscriberLeft();
    assert.equal(process.subscriberCount, 0);
  });
});

describe('logs', () => {
  it('sends one frame a line, with timestamps in front', async () => {
    await create({ Cmd: ['echo', 'hello'] });
    await start();
    const { headers } = await open(server.socketPath, 'GET', '/containers/c/logs?stdout=1').then(
      (opened) => opened.response,
    );
    assert.equal(headers['content-type'], 'application/vnd.docker.multiplexed-stream');
    const connection = await open(server.socketPath, 'GET', '/v1.41/containers/c/logs?stdout=1&timestamps=1');
    assert.equal(connection.response.headers['content-type'], 'application/vnd.docker.raw-stream');
    const chunks: Buffer[] = [];
    for await (const chunk of connection.response) chunks.push(chunk as Buffer);
    assert.deepEqual(demultiplex(Buffer.concat(chunks)), [
      { stream: 1, text: '2026-01-02T03:04:05.678901234Z hello\n' },
    ]);
  });

  it('sends the headers before there is any output, and follows until the container ends', async () => {
    await create({ Cmd: ['sleep'] });
    await start();
    const { response } = await open(server.socketPath, 'GET', '/containers/c/logs?stdout=1&follow=1');
    const body = readResponse(response);
    server.containers.find('c').process.print('late\n');
    await send(server.socketPath, 'POST', '/containers/c/kill');
    assert.match((await body).text, /late\n$/);
  });

  it('sends a lot to a client that reads in bursts', async () => {
    await create({ Cmd: ['sleep'] });
    await start();
    const { process } = server.containers.find('c');
    for (let printed = 0; printed < 100; printed += 1) process.print(`${printed} `.padEnd(100_000, 'x'));
    await send(server.socketPath, 'POST', '/containers/c/kill');
    const { response } = await open(server.socketPath, 'GET', '/containers/c/logs?stdout=1');
    const chunks: Buffer[] = [];
    for await (const chunk of response) {
      chunks.push(chunk as Buffer);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const frames = demultiplex(Buffer.concat(chunks));
    assert.deepEqual(
      frames.map(({ text }) => Number.parseInt(text, 10)),
      Array.from({ length: 100 }, (_, index) => index),
    );
  });

  it('asks for at least one stream', async () => {
    await create({ Cmd: ['echo'] });
    const { status, json } = await send(server.socketPath, 'GET', '/containers/c/logs');
    assert.equal(status, 400);
    assert.deepEqual(json(), { message: 'Bad parameters: you must choose at least one stream' });
  });

  it('refuses a time that is none', async () => {
    await create({ Cmd: ['echo'] });
    const { status } = await send(server.socketPath, 'GET', '/containers/c/logs?stdout=1&since=yesterday');
    assert.equal(status, 400);
  });

  it('tells an unknown container as 404', async () => {
    assert.equal((await send(server.socketPath, 'GET', '/containers/nosuch/logs?stdout=1')).status, 404);
  });

  it('stops following when the client goes away', async () => {
    await create({ Cmd: ['sleep'] });
    await start();
    const { request } = await open(server.socketPath, 'GET', '/containers/c/logs?stdout=1&follow=1');
    const { process } = server.containers.find('c');
    request.destroy();
    await once(request, 'close');
    await process.subscriberLeft();
    assert.equal(process.subscriberCount, 0);
  });
});
