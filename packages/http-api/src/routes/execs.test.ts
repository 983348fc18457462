import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { demultiplex, RawConnection, send } from '../../testing/test-client.ts';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';

const upgrade = 'Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\n';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await send(server.socketPath, 'POST', '/containers/create?name=c', {
    body: { Image: 'busybox', Cmd: ['sleep'] },
  });
  await send(server.socketPath, 'POST', '/containers/c/start');
});
afterEach(() => server[Symbol.asyncDispose]());

async function create(request: object): Promise<string> {
  const { status, json } = await send(server.socketPath, 'POST', '/containers/c/exec', {
    body: { AttachStdout: true, AttachStderr: true, ...request },
  });
  assert.equal(status, 201);
  return (json() as { Id: string }).Id;
}

const inspect = async (id: string): Promise<Record<string, unknown>> =>
  (await send(server.socketPath, 'GET', `/exec/${id}/json`)).json() as Record<string, unknown>;

describe('exec', () => {
  it('reads the body of an upgrade request by its length, and hands on what follows as input', async () => {
    const id = await create({ Cmd: ['cat'], AttachStdin: true });
    const body = '{"Detach":false,"Tty":false}';
    using connection = new RawConnection(server.socketPath);
    connection.write(
      `POST /v1.51/exec/${id}/start HTTP/1.1\r\nHost: x\r\n${upgrade}Content-Length: ${body.length}\r\n\r\n${body}input`,
    );
    connection.halfClose();
    await connection.untilEnd();
    assert.match(connection.received.toString(), /^HTTP\/1.1 101 UPGRADED\r\n/);
    assert.deepEqual(demultiplex(connection.body), [{ stream: 1, text: 'input' }]);
    assert.deepEqual((await inspect(id))['ExitCode'], 0);
  });

  it('reads a chunked body that arrives in pieces', async () => {
    const id = await create({ Cmd: ['size'], Tty: true });
    using connection = new RawConnection(server.socketPath);
    connection.write(
      `POST /v1.51/exec/${id}/start HTTP/1.1\r\nHost: x\r\n${upgrade}Transfer-Encoding: chunked\r\n\r\n1b\r\n{"Tty":true,"Con`,
    );
    await new Promise((resolve) => setImmediate(resolve));
    connection.write('soleSize":[');
    connection.write('\r\n6\r\n24,80]\r\n1\r\n}\r\n0\r\n\r\n');
    await connection.untilEnd();
    assert.equal(connection.body.toString(), '24 80\r\n');
  });

  it('starts without an upgrade too', async () => {
    const id = await create({ Cmd: ['echo', 'hi'] });
    using connection = new RawConnection(server.socketPath);
    connection.write(
      `POST /exec/${id}/start HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    );
    await connection.untilEnd();
    assert.match(
      connection.received.toString(),
      /^HTTP\/1.1 200 OK\r\nContent-Type: application\/vnd.docker.raw-stream\r\n\r\n/,
    );
    assert.deepEqual(demultiplex(connection.body), [{ stream: 1, text: 'hi\n' }]);
  });

  it('answers at once when it is to be detached', async () => {
    const id = await create({ Cmd: ['exit', '3'] });
    const { status, text } = await send(server.socketPath, 'POST', `/exec/${id}/start`, {
      body: { Detach: true },
    });
    assert.equal(status, 200);
    assert.equal(text, '');
    assert.equal((await inspect(id))['ExitCode'], 3);
  });

  it('tells a command that cannot start in the stream, and keeps 127', async () => {
    const id = await create({ Cmd: ['nosuch'] });
    using connection = new RawConnection(server.socketPath);
    connection.write(`POST /exec/${id}/start HTTP/1.1\r\nHost: x\r\n${upgrade}Content-Length: 2\r\n\r\n{}`);
    await connection.untilEnd();
    assert.match(connection.body.toString('latin1'), /executable file not found/);
    assert.equal((await inspect(id))['ExitCode'], 127);
  });

  it('ignores the console size of clients older than API 1.42', async () => {
    const id = await create({ Cmd: ['size'], Tty: true });
    const body = '{"Tty":true,"ConsoleSize":[24,80]}';
    using connection = new RawConnection(server.socketPath);
    connection.write(
      `POST /v1.41/exec/${id}/start HTTP/1.1\r\nHost: x\r\n${upgrade}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    await connection.untilEnd();
    assert.equal(connection.body.toString(), '0 0\r\n');
  });

  it('resizes', async () => {
    const id = await create({ Cmd: ['cat'], Tty: true });
    assert.equal((await send(server.socketPath, 'POST', `/exec/${id}/resize?h=10&w=20`)).status, 200);
    for (const query of ['', '?h=1', '?h=-1&w=2', '?h=x&w=2', '?h=70000&w=2']) {
      assert.equal((await send(server.socketPath, 'POST', `/exec/${id}/resize${query}`)).status, 400, query);
    }
  });

  it('refuses an empty command, an unknown exec, and a container that does not run', async () => {
    const empty = await send(server.socketPath, 'POST', '/containers/c/exec', { body: { Cmd: [] } });
    assert.deepEqual([empty.status, empty.json()], [400, { message: 'No exec command specified' }]);
    const unknown = await send(server.socketPath, 'POST', '/exec/nosuch/start', { body: {} });
    assert.deepEqual([unknown.status, unknown.json()], [404, { message: 'No such exec instance: nosuch' }]);
    await send(server.socketPath, 'POST', '/containers/c/kill');
    const stopped = await send(server.socketPath, 'POST', '/containers/c/exec', { body: { Cmd: ['echo'] } });
    assert.equal(stopped.status, 409);
  });

  it('answers a bad body on an upgrade request with an ordinary error', async () => {
    const id = await create({ Cmd: ['echo'] });
    for (const [body, pattern] of [
      ['{"Detach":"yes"}', /Detach must be a boolean/],
      ['{', /invalid JSON/],
      [' '.repeat(5_000_000), /larger than/],
    ] as const) {
      using connection = new RawConnection(server.socketPath);
      connection.write(
        `POST /exec/${id}/start HTTP/1.1\r\nHost: x\r\n${upgrade}Content-Length: ${body.length}\r\n\r\n`,
      );
      connection.write(body);
      const answer = (await connection.untilEnd()).toString();
      assert.match(answer, /^HTTP\/1.1 4(00|13) /);
      assert.match(answer, pattern);
    }
  });
});
