import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { RawConnection, send } from '../../testing/test-client.ts';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';

const handshake =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
/** The answer to that key in RFC 6455. */
const accept = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server[Symbol.asyncDispose]());

async function create(request: object): Promise<void> {
  await send(server.socketPath, 'POST', '/containers/create?name=c', {
    body: { Image: 'busybox', ...request },
  });
}

function attach(query: string, headers: string = handshake): RawConnection {
  const connection = new RawConnection(server.socketPath);
  connection.write(`GET /v1.51/containers/c/attach/ws?${query} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
  return connection;
}

const start = (): Promise<unknown> => send(server.socketPath, 'POST', '/containers/c/start');

/** A frame of a client, masked. */
function clientFrame(opcode: number, text: string, final = true): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const data = Buffer.from(text).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  const length =
    data.length < 126 ? [0x80 | data.length] : [0x80 | 126, data.length >> 8, data.length & 0xff];
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | opcode, ...length]), mask, data]);
}

/** Unmasked frames of a server. */
function serverFrames(bytes: Buffer): { opcode: number; data: string }[] {
  const frames: { opcode: number; data: string }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const [head, length] = short === 126 ? [4, bytes.readUInt16BE(at + 2)] : [2, short];
    const data = bytes.toString('latin1', at + head, at + head + length);
    frames.push({ opcode: (bytes[at] ?? 0) & 0x0f, data });
    at += head + length;
  }
  return frames;
}

const normalClose = { opcode: 8, data: '\x03\xe8' };

describe('attach by WebSocket', () => {
  it('shakes hands, sends output unframed in binary frames, and says goodbye', async () => {
    await create({ Cmd: ['echo', 'hello'] });
    using connection = attach('stream=1&stdout=1&stderr=1');
    assert.ok((await connection.until('\r\n\r\n')).includes(`101 Switching Protocols`));
    assert.ok(connection.received.includes(accept));
    await start();
    await connection.untilEnd();
    assert.deepEqual(serverFrames(connection.body), [{ opcode: 2, data: 'hello\n' }, normalClose]);
  });

  it('takes input of all lengths and in fragments, answers pings, and ends with the client', async () => {
    await create({ Cmd: ['cat'], OpenStdin: true, StdinOnce: true });
    using connection = attach('stream=1&stdin=1&stdout=1');
    await connection.until('\r\n\r\n');
    await start();
    const long = 'x'.repeat(300);
    connection.write(clientFrame(2, 'one ', false));
    connection.write(clientFrame(9, 'there?'));
    connection.write(clientFrame(0, 'two'));
    await connection.until('two');
    connection.write(Buffer.concat([clientFrame(1, long), clientFrame(2, ' end')]));
    await connection.until(' end');
    connection.write(clientFrame(8, '\x03\xe8'));
    await connection.untilEnd();
    const frames = serverFrames(connection.body);
    const data = frames.filter(({ opcode }) => opcode === 2).map((frame) => frame.data);
    assert.equal(data.join(''), `one two${long} end`);
    assert.deepEqual(
      frames.filter(({ opcode }) => opcode === 10),
      [{ opcode: 10, data: 'there?' }],
    );
    assert.equal(frames.at(-1)?.opcode, 8);
  });

  it('takes bytes one by one', async () => {
    await create({ Cmd: ['cat'], OpenStdin: true });
    using connection = attach('stream=1&stdin=1&stdout=1');
    await connection.until('\r\n\r\n');
    await start();
    for (const byte of clientFrame(2, 'slowly')) connection.write(Buffer.from([byte]));
    await connection.until('y');
    const data = serverFrames(connection.body).map((frame) => frame.data);
    assert.equal(data.join(''), 'slowly');
  });

  it('ends with a protocol error what is not masked, or no frame of the protocol', async () => {
    await create({ Cmd: ['cat'], OpenStdin: true });
    await start();
    const unmasked = Buffer.from([0x82, 4, 0x6e, 0x6f, 0x70, 0x65]);
    for (const bytes of [unmasked, clientFrame(3, 'x'), clientFrame(9, 'x'.repeat(200))]) {
      using connection = attach('stream=1&stdin=1&stdout=1');
      await connection.until('\r\n\r\n');
      connection.write(bytes);
      await connection.untilEnd();
      assert.deepEqual(serverFrames(connection.body)[0], { opcode: 8, data: '\x03\xea' });
    }
  });

  it('refuses what is no handshake, and a container that is not there', async () => {
    await create({ Cmd: ['cat'] });
    for (const headers of ['', 'Connection: Upgrade\r\nUpgrade: websocket\r\n']) {
      using connection = attach('stream=1&stdout=1', headers);
      assert.match(await connection.until('not websocket protocol'), /^HTTP\/1.1 400 /);
    }
    using connection = new RawConnection(server.socketPath);
    connection.write(`GET /containers/nope/attach/ws HTTP/1.1\r\nHost: x\r\n${handshake}\r\n`);
    assert.match(await connection.until('No such container'), /^HTTP\/1.1 404 /);
  });
});
