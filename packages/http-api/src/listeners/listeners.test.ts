import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ListenError } from '@gantry/http-server';
import { TestAuthority } from '@gantry/testkit';
import { readResponse, send } from '../../testing/test-client.ts';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';

let directory: string;
let server: TestServer;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'gantry-listen-'));
  server = await startTestServer();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const isListenError =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof ListenError && error.code === code;

describe('a unix socket', () => {
  it('is for owner and group, never for the world, and its missing parents are 0755', async () => {
    const old = process.umask(0);
    try {
      const target = path.join(directory, 'a/b/api.sock');
      await server.server.listen({ kind: 'unix', path: target });
      const { mode } = await stat(target);
      assert.equal(mode & 0o777, 0o660);
      assert.equal((await stat(path.dirname(target))).mode & 0o777, 0o755);
      process.umask(0o077);
      await server.server.listen({ kind: 'unix', path: path.join(directory, 'c/d/api.sock') });
      assert.equal((await stat(path.join(directory, 'c'))).mode & 0o777, 0o755);
      assert.equal((await send(target, 'GET', '/_ping')).text, 'OK');
    } finally {
      process.umask(old);
    }
  });

  it('is never there with a wider mode, and leaves nothing else behind', async () => {
    const target = path.join(directory, 'api.sock');
    const seen = new Set<number>();
    const done = new AbortController();
    const watching = (async () => {
      while (!done.signal.aborted) {
        const found = await stat(target).catch(() => undefined);
        if (found !== undefined) seen.add(found.mode & 0o777);
      }
    })();
    await server.server.listen({ kind: 'unix', path: target });
    done.abort();
    await watching;
    assert.ok([...seen].every((mode) => mode === 0o660));
    assert.deepEqual(await readdir(directory), ['api.sock']);
  });

  it('replaces what a dead server left', async () => {
    const target = path.join(directory, 'api.sock');
    const dead = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(target)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]);
    await once(dead, 'exit');
    assert.ok((await stat(target)).isSocket());
    await server.server.listen({ kind: 'unix', path: target });
    assert.equal((await send(target, 'GET', '/_ping')).text, 'OK');
  });

  it('leaves alone a server that lives, a file and a link', async () => {
    const taken = server.socketPath;
    await assert.rejects(server.server.listen({ kind: 'unix', path: taken }), isListenError('socket-in-use'));
    assert.equal((await send(taken, 'GET', '/_ping')).text, 'OK');
    const file = path.join(directory, 'file');
    await writeFile(file, 'precious');
    await assert.rejects(server.server.listen({ kind: 'unix', path: file }), isListenError('not-a-socket'));
    const link = path.join(directory, 'link');
    await symlink(path.join(directory, 'nowhere'), link);
    await assert.rejects(server.server.listen({ kind: 'unix', path: link }), isListenError('not-a-socket'));
    assert.deepEqual((await readdir(directory)).sort(), ['file', 'link']);
  });

  it('goes to one of two servers that start at once on a stale socket', async () => {
    const target = path.join(directory, 'api.sock');
    const stale = net.createServer().listen(target);
    await once(stale, 'listening');
    const dead = path.join(directory, 'stale.sock');
    // What a crash leaves: the name stays, nobody listens.
    await rename(target, dead);
    stale.close();
    await once(stale, 'close');
    await rename(dead, target);
    await using other = await startTestServer();
    const results = await Promise.allSettled([
      server.server.listen({ kind: 'unix', path: target }),
      other.server.listen({ kind: 'unix', path: target }),
    ]);
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal((await send(target, 'GET', '/_ping')).text, 'OK');
  });

  it('is removed at the end, unless it is somebody else’s by then', async () => {
    const target = path.join(directory, 'api.sock');
    await server.server.listen({ kind: 'unix', path: target });
    await rm(target);
    await writeFile(target, 'not ours');
    const own = path.join(directory, 'own.sock');
    await server.server.listen({ kind: 'unix', path: own });
    await server.server.close();
    assert.deepEqual(await readdir(directory), ['api.sock']);
  });

  it('may lie in a directory with a long name, if its own fits', async () => {
    const long = path.join(directory, 'x'.repeat(100 - directory.length));
    await mkdir(long);
    await server.server.listen({ kind: 'unix', path: path.join(long, 's') });
    assert.equal((await send(path.join(long, 's'), 'GET', '/_ping')).text, 'OK');
    const tooLong = path.join(directory, 'y'.repeat(120));
    await assert.rejects(
      server.server.listen({ kind: 'unix', path: tooLong }),
      isListenError('bad-listener'),
    );
    await assert.rejects(
      server.server.listen({ kind: 'unix', path: 'relative.sock' }),
      isListenError('bad-listener'),
    );
  });

  it('says what is wrong with a directory that cannot be written', async () => {
    await writeFile(path.join(directory, 'file'), '');
    await assert.rejects(server.server.listen({ kind: 'unix', path: path.join(directory, 'file/api.sock') }));
    await chmod(directory, 0o755);
    assert.equal((await send(server.socketPath, 'GET', '/_ping')).text, 'OK');
  });
});

describe('TCP', () => {
  const authority = new TestAuthority('authority');
  const identity = { ca: authority.cert, ...authority.issue('localhost') };

  const get = async (port: number, options: https.RequestOptions): Promise<string> => {
    const request = https.get({
      host: '127.0.0.1',
      port,
      path: '/_ping',
      agent: false,
      servername: 'localhost',
      ...options,
    });
    const [response] = (await once(request, 'response')) as [Parameters<typeof readResponse>[0]];
    return (await readResponse(response)).text;
  };

  it('is refused without mutual TLS, unless it is allowed in so many words', async () => {
    const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
    await assert.rejects(server.server.listen(address), (error: Error) => {
      assert.match(error.message, /^refusing to listen on tcp:\/\/127\.0\.0\.1:0 without mutual TLS: .*root/);
      return isListenError('insecure-listener')(error);
    });
    const { port } = await server.server.listen({ ...address, allowUnauthenticated: true });
    const response = await fetch(`http://127.0.0.1:${port}/_ping`);
    assert.equal(await response.text(), 'OK');
  });

  it('serves clients whose certificate the authority signed, and nobody else', async () => {
    const { port = 0 } = await server.server.listen({
      kind: 'tcp',
      host: '127.0.0.1',
      port: 0,
      tls: identity,
    });
    const ca = authority.cert;
    assert.equal(await get(port, { ca, ...authority.issue('client') }), 'OK');
    await assert.rejects(get(port, { ca }));
    await assert.rejects(get(port, { ca, ...new TestAuthority('authority').issue('client') }));
    await assert.rejects(get(port, { ca, ...authority.issue('client'), maxVersion: 'TLSv1.1' }));
    assert.equal(await get(port, { ca, ...authority.issue('client') }), 'OK');
  });

  it('hijacks over TLS too', async () => {
    const { port = 0 } = await server.server.listen({
      kind: 'tcp',
      host: '127.0.0.1',
      port: 0,
      tls: identity,
    });
    await send(server.socketPath, 'POST', '/containers/create?name=c', {
      body: { Image: 'busybox', Cmd: ['cat'] },
    });
    await send(server.socketPath, 'POST', '/containers/c/start');
    for (const headers of [{ Connection: 'Upgrade', Upgrade: 'tcp' }, {}]) {
      const request = https.request({
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/containers/c/attach?stream=1&stdin=1&stdout=1',
        agent: false,
        servername: 'localhost',
        ca: authority.cert,
        headers,
        ...authority.issue('client'),
      });
      request.end();
      const isUpgrade = 'Upgrade' in headers;
      const [response, upgraded] = (await once(request, isUpgrade ? 'upgrade' : 'response')) as [
        Parameters<typeof readResponse>[0],
        net.Socket,
      ];
      const socket = isUpgrade ? upgraded : response.socket;
      const output = isUpgrade ? upgraded : response;
      const received = once(output, 'data');
      socket.write('hello');
      const [chunk] = (await received) as [Buffer];
      assert.match(chunk.toString('latin1'), /hello$/);
      socket.destroy();
    }
  });

  it('says so when the address is taken or the identity incomplete', async () => {
    const { port = 0 } = await server.server.listen({
      kind: 'tcp',
      host: '127.0.0.1',
      port: 0,
      tls: identity,
    });
    const taken = { kind: 'tcp', host: '127.0.0.1', port, tls: identity } as const;
    await assert.rejects(server.server.listen(taken), isListenError('socket-in-use'));
    const incomplete = { ...taken, port: 0, tls: { ...identity, ca: '' } };
    await assert.rejects(server.server.listen(incomplete), isListenError('bad-listener'));
    const garbage = { ...taken, port: 0, tls: { ...identity, cert: 'x' } };
    await assert.rejects(server.server.listen(garbage), isListenError('bad-listener'));
  });

  it('refuses what a foreign web page makes a browser send', async () => {
    const { port = 0 } = await server.server.listen({
      kind: 'tcp',
      host: '127.0.0.1',
      port: 0,
      allowUnauthenticated: true,
    });
    const own = `http://127.0.0.1:${port}`;
    const cases: [Record<string, string>, number][] = [
      [{}, 200],
      [{ Origin: own }, 200],
      [{ Origin: 'http://evil.example' }, 403],
      [{ Origin: 'null' }, 403],
      [{ 'Sec-Fetch-Site': 'cross-site' }, 403],
      [{ 'Sec-Fetch-Site': 'same-origin' }, 200],
      [{ 'User-Agent': 'Mozilla/5.0', Host: 'rebound.example' }, 403],
      [{ Origin: 'http://rebound.example', Host: 'rebound.example' }, 403],
      [{ 'User-Agent': 'docker-py', Host: 'myhost:2375' }, 200],
    ];
    for (const [headers, status] of cases) {
      const response = await send(server.socketPath, 'GET', '/_ping', {
        headers: { Host: `127.0.0.1:${port}`, ...headers },
      });
      assert.equal(response.status, status, JSON.stringify(headers));
    }
  });
});

describe('an inherited descriptor', () => {
  const program = path.join(import.meta.dirname, '../../testing/serve-descriptor.ts');

  /** Starts a server in another process on a listening socket of ours; returns what it says first. */
  async function serveElsewhere(listener: net.Server): Promise<{ said: string; end: () => Promise<void> }> {
    const { fd } = (listener as unknown as { _handle: { fd: number } })._handle;
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit', fd] });
    const stdout = child.stdout as Readable;
    const [said] = (await once(stdout, 'data')) as [Buffer];
    return {
      said: said.toString().trim(),
      end: async () => {
        child.kill('SIGTERM');
        await once(child, 'exit');
      },
    };
  }

  it('is served, and left in place at the end', async () => {
    const target = path.join(directory, 'inherited.sock');
    const listener = net.createServer().listen(target);
    await once(listener, 'listening');
    const { said, end } = await serveElsewhere(listener);
    assert.equal(said, 'listening');
    await end();
    assert.ok((await stat(target)).isSocket());
    listener.close();
  });

  it('is refused when it is TCP that anybody may use', async () => {
    const listener = net.createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { said } = await serveElsewhere(listener);
    assert.match(said, /refusing to listen on file descriptor 3 without mutual TLS/);
    listener.close();
  });
});
