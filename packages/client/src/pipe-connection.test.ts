import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { temporaryRoot } from '@gantry/testkit';
import type { Connection } from './connection.ts';
import { connectSocket } from './open-socket.ts';
import { connectPipe } from './pipe-connection.ts';

/** What Node's own does is what ours has to do. */
const kinds: Record<string, (path: string) => Connection> = {
  'a socket of Node': (socketPath) => connectSocket({ kind: 'unix', path: socketPath }),
  'a pipe': (socketPath) => {
    const pipe = connectPipe(socketPath);
    assert.ok(pipe !== undefined, 'this Node.js has no pipe bindings of the form that is known');
    return pipe;
  },
};

async function serve(serving: (socket: Socket) => void): Promise<AsyncDisposable & { socketPath: string }> {
  const root = await temporaryRoot('pipe');
  const socketPath = path.join(root.path, 'server.sock');
  const server = createServer({ allowHalfOpen: true }, serving).listen(socketPath);
  await once(server, 'listening');
  return {
    socketPath,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await root[Symbol.asyncDispose]();
    },
  };
}

/** All that comes until the other side ends. */
async function readAll(connection: Connection): Promise<Buffer> {
  const chunks: Buffer[] = [];
  connection.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => connection.on('end', resolve));
  return Buffer.concat(chunks);
}

async function failureOf(connection: Connection): Promise<NodeJS.ErrnoException> {
  const [error] = (await once(connection as Socket, 'error')) as [NodeJS.ErrnoException];
  return error;
}

for (const [kind, connect] of Object.entries(kinds)) {
  test(`${kind} sends what is written before it is connected, in order, and ends one side alone`, async () => {
    await using server = await serve((socket) => {
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('end', () => socket.end(Buffer.concat(chunks).toString().toUpperCase()));
    });
    const connection = connect(server.socketPath);
    connection.write('first ');
    connection.write(Buffer.from('second '));
    connection.cork();
    for (const word of ['th', Buffer.from('ir'), 'd ü']) connection.write(word);
    connection.uncork();
    connection.end();
    assert.equal((await readAll(connection)).toString(), 'FIRST SECOND THIRD Ü');
    assert.equal(connection.writable, false);
    connection.destroy();
  });

  test(`${kind} asks for patience when the other side does not read, and tells when there is room`, async () => {
    const accepted = Promise.withResolvers<Socket>();
    await using server = await serve((socket) => accepted.resolve(socket.pause()));
    const connection = connect(server.socketPath);
    const block = Buffer.alloc(256 * 1024, 'x');
    let sentBytes = 0;
    while (connection.write(block)) sentBytes += block.length;
    sentBytes += block.length;
    const drained = once(connection as Socket, 'drain');
    let receivedBytes = 0;
    const slow = await accepted.promise;
    slow.on('data', (chunk: Buffer) => (receivedBytes += chunk.length)).resume();
    await drained;
    connection.end();
    await once(slow, 'end');
    assert.equal(receivedBytes, sentBytes);
    slow.end();
    connection.destroy();
  });

  test(`${kind} holds the other side up while it is paused, and loses nothing`, async () => {
    const sent = Buffer.alloc(4 << 20, 'y');
    await using server = await serve((socket) => socket.end(sent));
    const connection = connect(server.socketPath);
    let receivedBytes = 0;
    connection.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.length;
      connection.pause();
      setImmediate(() => connection.resume());
    });
    await once(connection as Socket, 'end');
    assert.equal(receivedBytes, sent.length);
    connection.end();
    await once(connection as Socket, 'close');
    assert.equal(connection.destroyed, true);
  });

  test(`${kind} says why it could not connect`, async () => {
    await using root = await temporaryRoot('pipe');
    const missing = await failureOf(connect(path.join(root.path, 'missing.sock')));
    assert.deepEqual([missing.syscall, missing.code], ['connect', 'ENOENT']);
    const nobody = await failureOf(connect(import.meta.filename));
    assert.deepEqual([nobody.syscall, nobody.code], ['connect', 'ECONNREFUSED']);
  });

  test(`${kind} closes at once when it is destroyed, and gives the reason`, async () => {
    await using server = await serve((socket) => socket.on('error', () => {}));
    const connection = connect(server.socketPath);
    const failure = failureOf(connection);
    const closed = new Promise((resolve) => connection.once('close', resolve));
    connection.destroy(new Error('enough'));
    connection.destroy(new Error('more'));
    assert.equal((await failure).message, 'enough');
    await closed;
    assert.equal(connection.write('late'), false);
  });
}

test('where the bindings are denied, as under --permission, a socket of Node takes their place', async () => {
  await using server = await serve((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'));
  const script = `
    import { getOnce } from ${JSON.stringify(path.join(import.meta.dirname, 'get-once.ts'))};
    import { connectPipe } from ${JSON.stringify(path.join(import.meta.dirname, 'pipe-connection.ts'))};
    const path = ${JSON.stringify(server.socketPath)};
    console.log(connectPipe(path), JSON.stringify(await getOnce({ kind: 'unix', path }, '/')));
  `;
  const flags = ['--permission', '--allow-fs-read=*', '--input-type=module', '-e', script];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, flags);
  assert.equal(stdout, 'undefined {}\n', stderr);
});

test('nothing is said of deprecated bindings', async () => {
  const script = `
    import { findPipeBindings } from ${JSON.stringify(path.join(import.meta.dirname, 'pipe-bindings.ts'))};
    console.log(typeof findPipeBindings(), process.noDeprecation);
  `;
  const flags = ['--pending-deprecation', '--input-type=module', '-e', script];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, flags);
  assert.deepEqual([stdout, stderr], ['object undefined\n', '']);
});
