import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { describe, it } from 'node:test';
import { EngineError, type LogFields, type Logger } from '@gantry/base';
import { FakeSystemBackend } from '../../testing/fake-system-backend.ts';
import { open, RawConnection, send } from '../../testing/test-client.ts';
import { startTestServer } from '../../testing/test-server.ts';

const host = 'Host: x\r\n';

describe('malformed requests', () => {
  it('are answered 400 and closed, and the server goes on', async () => {
    await using server = await startTestServer();
    const garbage = [
      'nonsense\r\n\r\n',
      'GET\r\n\r\n',
      `GET /_ping HTTP/9.9\r\n${host}\r\n`,
      `GET /_ping HTTP/1.1\r\n${host}Bad Header: x\r\n\r\n`,
      `GET /_ping HTTP/1.1\r\n${host}X: a\u0000b\r\n\r\n`,
      `POST /containers/create HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
      `POST /containers/create HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`,
      `POST /containers/create HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST /containers/create HTTP/1.1\r\n${host}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
      `POST /containers/create HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
      `POST /containers/create HTTP/1.1\r\n${host} Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]),
    ];
    for (const bytes of garbage) {
      using connection = new RawConnection(server.socketPath);
      connection.write(bytes);
      const answer = (await connection.untilEnd()).toString('latin1');
      assert.match(answer, /^HTTP\/1.1 400 Bad Request\r\n/, JSON.stringify(bytes));
      assert.match(answer, /\{"message":"malformed HTTP request"\}\n$/);
    }
    assert.equal((await send(server.socketPath, 'GET', '/_ping')).text, 'OK');
  });

  it('with a target that is no path are refused', async () => {
    await using server = await startTestServer();
    for (const target of ['http://x/_ping', '*', 'x:80']) {
      using connection = new RawConnection(server.socketPath);
      connection.write(`GET ${target} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
      assert.match((await connection.untilEnd()).toString(), /^HTTP\/1.1 400 /, target);
    }
  });

  it('behind a good one in one packet do not spoil its answer', async () => {
    await using server = await startTestServer();
    using connection = new RawConnection(server.socketPath);
    connection.write(`GET /version HTTP/1.1\r\n${host}\r\nnonsense\r\n\r\n`);
    const answer = (await connection.untilEnd()).toString();
    assert.match(answer, /^HTTP\/1.1 200 OK\r\n/);
    assert.match(answer, /"ApiVersion":"1.51"[^\n]*\n$/);
  });

  it('with huge headers are answered 431', async () => {
    await using server = await startTestServer({ limits: { maxHeaderBytes: 16_384 } });
    using connection = new RawConnection(server.socketPath);
    connection.write(`GET /_ping HTTP/1.1\r\n${host}X: ${'a'.repeat(20_000)}\r\n\r\n`);
    assert.match((await connection.untilEnd()).toString(), /^HTTP\/1.1 431 .*request headers are too large/s);
  });

  it('are served when they are merely large', async () => {
    await using server = await startTestServer();
    const { status } = await send(server.socketPath, 'GET', `/containers/json?x=${'y'.repeat(500_000)}`);
    assert.equal(status, 200);
  });
});

describe('slow clients', () => {
  it('lose the connection when their headers do not come', async () => {
    await using server = await startTestServer({ limits: { headersTimeoutMs: 100 } });
    using silent = new RawConnection(server.socketPath);
    using slow = new RawConnection(server.socketPath);
    slow.write('GET /_ping HTTP/1.1\r\nX: ');
    assert.match((await slow.untilEnd()).toString(), /^HTTP\/1.1 408 /);
    await silent.untilEnd();
  });

  it('lose it when a JSON body does not come, upgraded or not', async () => {
    await using server = await startTestServer({ limits: { bodyTimeoutMs: 50, lingerTimeoutMs: 10 } });
    for (const upgrade of ['', 'Connection: Upgrade\r\nUpgrade: tcp\r\n']) {
      using connection = new RawConnection(server.socketPath);
      connection.write(
        `POST /exec/x/start HTTP/1.1\r\n${host}${upgrade}Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{`,
      );
      assert.match((await connection.untilEnd()).toString(), /^HTTP\/1.1 408 .*did not arrive within 50 ms/s);
    }
  });

  it('may take their time with an image', async () => {
    await using server = await startTestServer({ limits: { bodyTimeoutMs: 20, headersTimeoutMs: 20 } });
    using connection = new RawConnection(server.socketPath);
    connection.write(`POST /images/load HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`);
    await connection.until('Loading layer');
    // Another connection runs into the timeout that this one must not run into.
    using silent = new RawConnection(server.socketPath);
    await silent.untilEnd();
    connection.write('0\r\n\r\n');
    await connection.until('Loaded image');
  });

  it('may close their half and still get their answer', async () => {
    await using server = await startTestServer();
    using connection = new RawConnection(server.socketPath);
    connection.write(`GET /version HTTP/1.1\r\n${host}\r\n`);
    connection.halfClose();
    assert.match((await connection.untilEnd()).toString(), /^HTTP\/1.1 200 OK\r\n.*"ApiVersion":"1.51"/s);
  });
});

describe('bodies', () => {
  it('that break off leave the server well', async () => {
    await using server = await startTestServer();
    for (const path of ['/containers/create', '/images/load', '/exec/x/start', '/images/create?fromSrc=-']) {
      for (const headers of ['Content-Length: 1000\r\n', 'Transfer-Encoding: chunked\r\n']) {
        for (const upgrade of ['', 'Connection: Upgrade\r\nUpgrade: tcp\r\n']) {
          using connection = new RawConnection(server.socketPath);
          connection.write(`POST ${path} HTTP/1.1\r\n${host}${headers}${upgrade}\r\n3e8\r\n{`);
          connection.halfClose();
          await connection.untilEnd();
        }
      }
    }
    assert.equal((await send(server.socketPath, 'GET', '/_ping')).text, 'OK');
  });

  it('nobody wants do not keep the answer from a client that is still sending', async () => {
    await using server = await startTestServer({ limits: { lingerTimeoutMs: 100 } });
    using connection = new RawConnection(server.socketPath);
    connection.write(`POST /nosuch HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`);
    const block = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let sent = 0; sent < 50; sent += 1) connection.write(block);
    const answer = (await connection.untilEnd()).toString();
    assert.match(answer, /^HTTP\/1.1 404 .*page not found/s);
  });
});

describe('connections', () => {
  it('are kept alive and answer pipelined requests in order', async () => {
    await using server = await startTestServer();
    using connection = new RawConnection(server.socketPath);
    connection.write(
      `GET /version HTTP/1.1\r\n${host}\r\nGET /_ping HTTP/1.1\r\n${host}\r\nGET /nosuch HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    );
    const answers = (await connection.untilEnd()).toString();
    const order = ['"ApiVersion"', '\r\nOK', 'page not found'].map((text) => answers.indexOf(text));
    assert.ok(order.every((position) => position > 0));
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
  });

  it('beyond the cap are closed at once; those within go on', async () => {
    await using server = await startTestServer({ limits: { maxConnections: 2 } });
    using first = new RawConnection(server.socketPath);
    first.write(`GET /_ping HTTP/1.1\r\n${host}\r\n`);
    await first.until('OK');
    using second = new RawConnection(server.socketPath);
    second.write(`GET /_ping HTTP/1.1\r\n${host}\r\n`);
    await second.until('OK');
    using third = new RawConnection(server.socketPath);
    assert.equal((await third.untilEnd()).length, 0);
    first.write(`GET /version HTTP/1.1\r\n${host}\r\n`);
    await first.until('ApiVersion');
  });

  it('do not wait for each other', async () => {
    await using server = await startTestServer();
    const streams = await Promise.all(
      Array.from({ length: 50 }, () => open(server.socketPath, 'GET', '/events')),
    );
    assert.equal((await send(server.socketPath, 'GET', '/_ping')).text, 'OK');
    for (const { request } of streams) request.destroy();
  });

  it('asked to upgrade to what we do not speak are served without', async () => {
    await using server = await startTestServer();
    const headers = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABk' };
    assert.equal((await send(server.socketPath, 'GET', '/_ping', { headers })).text, 'OK');
    const upgrade = { Connection: 'Upgrade', Upgrade: 'tcp' };
    assert.equal((await send(server.socketPath, 'GET', '/_ping', { headers: upgrade })).text, 'OK');
  });
});

describe('failures of a backend', () => {
  class FailingSystem extends FakeSystemBackend {
    #error: unknown;
    fail(error: unknown): void {
      this.#error = error;
    }
    override async info(): Promise<never> {
      throw this.#error;
    }
  }

  it('have a status by kind, and their message', async () => {
    const system = new FailingSystem();
    await using server = await startTestServer({ system });
    const kinds = {
      invalid: 400,
      unauthorized: 401,
      forbidden: 403,
      'not-found': 404,
      conflict: 409,
      'not-modified': 304,
      'not-implemented': 501,
      unavailable: 503,
      exhausted: 500,
      corrupt: 500,
      cancelled: 500,
      internal: 500,
    } as const;
    for (const [kind, status] of Object.entries(kinds)) {
      system.fail(new EngineError(kind as keyof typeof kinds, 'x', `it is ${kind}`));
      const response = await send(server.socketPath, 'GET', '/info');
      assert.equal(response.status, status);
      assert.equal(response.text, status === 304 ? '' : `{"message":"it is ${kind}"}\n`);
    }
    system.fail('a string');
    assert.equal((await send(server.socketPath, 'GET', '/info')).text, '{"message":"a string"}\n');
  });

  it('are logged once, with the id of the request, when nobody foresaw them', async () => {
    const lines: { message: string; fields: LogFields }[] = [];
    const logger = (bound: LogFields): Logger => {
      const write = (message: string, fields: LogFields = {}): void => {
        lines.push({ message, fields: { ...bound, ...fields } });
      };
      return {
        debug: write,
        info: () => {},
        warn: write,
        error: write,
        child: (more) => logger({ ...bound, ...more }),
      };
    };
    const system = new FailingSystem();
    await using server = await startTestServer({ system, logger: logger({}) });
    system.fail(new TypeError('a bug'));
    await send(server.socketPath, 'GET', '/info');
    const [failure, access, ...rest] = lines;
    assert.ok(failure !== undefined);
    assert.equal(failure.message, 'request failed');
    assert.match(String(failure.fields.error), /a bug/);
    assert.equal(failure.fields.requestId, '1');
    assert.equal(access?.message, 'request');
    assert.deepEqual(
      [access?.fields['status'], access?.fields['path'], access?.fields.requestId],
      [500, '/info', '1'],
    );
    assert.deepEqual(rest, []);
  });
});

describe('close', () => {
  it('ends streams and waits, lets a short request finish, and takes no more', async () => {
    await using server = await startTestServer();
    const events = await open(server.socketPath, 'GET', '/events');
    await send(server.socketPath, 'POST', '/containers/create?name=c', {
      body: { Image: 'busybox', Cmd: ['sleep'] },
    });
    await send(server.socketPath, 'POST', '/containers/c/start');
    const wait = await open(server.socketPath, 'POST', '/containers/c/wait');
    const logs = await open(server.socketPath, 'GET', '/containers/c/logs?stdout=1&follow=1');
    using attached = new RawConnection(server.socketPath);
    attached.write(
      `POST /containers/c/attach?stream=1&stdout=1 HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
    );
    await attached.until('\r\n\r\n');
    using idle = new RawConnection(server.socketPath);
    idle.write(`GET /_ping HTTP/1.1\r\n${host}\r\n`);
    await idle.until('OK');
    const ends = [events, wait, logs].map(({ response }) => {
      response.resume().on('error', () => {});
      return new Promise((resolve) => response.once('close', resolve));
    });
    await server.server.close({ timeoutMs: 10_000 });
    await Promise.all([...ends, attached.untilEnd(), idle.untilEnd()]);
    await assert.rejects(send(server.socketPath, 'GET', '/_ping'), { code: 'ENOENT' });
    assert.equal(server.containers.find('c').state, 'running');
  });

  it('does not wait for a client that never reads, nor for one that never finishes', async () => {
    await using server = await startTestServer();
    const body = { Image: 'busybox', Cmd: ['sleep'] };
    await send(server.socketPath, 'POST', '/containers/create?name=c', { body });
    await send(server.socketPath, 'POST', '/containers/c/start');
    const deaf = net.connect({ path: server.socketPath });
    deaf.pause();
    deaf.write(
      `POST /containers/c/attach?stream=1&stdout=1 HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
    );
    const { process } = server.containers.find('c');
    await process.subscriberJoined();
    for (let printed = 0; printed < 100; printed += 1) process.print('x'.repeat(100_000));
    const endless = http.request({
      socketPath: server.socketPath,
      method: 'POST',
      path: '/images/load',
      agent: false,
    });
    endless.on('error', () => {});
    endless.write('x');
    await once(endless, 'response');
    await server.server.close({ timeoutMs: 200 });
    deaf.destroy();
  });

  it('may be asked for twice', async () => {
    await using server = await startTestServer();
    await Promise.all([server.server.close(), server.server.close()]);
  });
});
