import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { isErrno } from '../ffi/errno.ts';
import { UnixDatagramSocket } from './unix-datagram.ts';

test('datagrams arrive whole and in order, and a full queue is told', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'gantry-datagram-'));
  const socketPath = path.join(directory, 'socket');
  try {
    using receiver = UnixDatagramSocket.bind(socketPath);
    using sender = UnixDatagramSocket.connect(socketPath);
    assert.equal(receiver.receive(), undefined);
    assert.ok(sender.send(Buffer.from('one')));
    assert.ok(sender.send(Buffer.alloc(60_000, 'x')));
    assert.equal(receiver.receive()?.toString(), 'one');
    assert.equal(receiver.receive()?.length, 60_000);
    let sent = 0;
    while (sender.send(Buffer.from(`${sent}`))) sent += 1;
    assert.ok(sent > 0);
    assert.equal(receiver.receive()?.toString(), '0');
    assert.ok(sender.send(Buffer.from('room again')));
    assert.throws(
      () => sender.send(Buffer.alloc(64 * 1024 * 1024)),
      (error) => isErrno(error, 'EMSGSIZE'),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('what is longer than a datagram comes as a file that nobody can change', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'gantry-datagram-'));
  const socketPath = path.join(directory, 'socket');
  try {
    using receiver = UnixDatagramSocket.bind(socketPath);
    using sender = UnixDatagramSocket.connect(socketPath);
    const data = Buffer.alloc(1024 * 1024, 'long');
    assert.ok(sender.sendInMemory(data));
    {
      using file = receiver.receiveFile();
      assert.ok(file !== undefined);
      assert.ok(readFileSync(file.path).equals(data));
      assert.throws(
        () => writeFileSync(file.path, 'x'),
        (error) => isErrno(error, 'EPERM'),
      );
    }
    assert.ok(sender.send(Buffer.from('short')));
    assert.equal(receiver.receiveFile(), undefined);
    let sent = 0;
    while (sender.sendInMemory(Buffer.from('x'))) sent += 1;
    assert.ok(sent > 0);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a path without a socket, with a stream socket, or too long is told by its errno', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'gantry-datagram-'));
  const stream = createServer().listen(path.join(directory, 'stream'));
  try {
    await new Promise((resolve) => stream.once('listening', resolve));
    for (const [name, errno] of [
      ['missing', 'ENOENT'],
      ['stream', 'EPROTOTYPE'],
      ['x'.repeat(200), 'ENAMETOOLONG'],
    ] as const) {
      assert.throws(
        () => UnixDatagramSocket.connect(path.join(directory, name)),
        (error) => isErrno(error, errno),
      );
    }
  } finally {
    stream.close();
    rmSync(directory, { recursive: true });
  }
});
