import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { UnixDatagramSocket } from '@gantry/kernel';
import { temporaryRoot } from '@gantry/testkit';
import { freePort } from '../support/free-port.ts';
import { type Finished, run } from '../support/processes.ts';
import { repositoryRoot, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const program = path.join(repositoryRoot, 'dist/gantryd.js');

function gantryd(...flags: string[]): Promise<Finished> {
  return run(process.execPath, [program, ...flags]);
}

/** Everything that was sent to the manager so far. */
class Manager implements Disposable {
  readonly path: string;
  readonly states: string[] = [];
  readonly #socket: UnixDatagramSocket;

  constructor(root: string) {
    this.path = path.join(root, 'notify');
    this.#socket = UnixDatagramSocket.bind(this.path);
  }

  async told(state: string): Promise<void> {
    await until(`${state} is told`, () => {
      for (let next = this.#socket.receive(); next; next = this.#socket.receive())
        this.states.push(next.toString());
      return this.states.includes(state);
    });
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

test('a service manager hands over the socket and is told of every state', async () => {
  await using root = await temporaryRoot();
  const socketPath = path.join(root.path, 'activated.sock');
  const file = path.join(root.path, 'daemon.json');
  writeFileSync(file, '{}');
  using manager = new Manager(root.path);
  const listener = net.createServer().listen(`${socketPath}.bound`);
  await once(listener, 'listening');
  const { fd } = (listener as unknown as { _handle: { fd: number } })._handle;
  // Node removes the name that it bound when it lets go.
  renameSync(`${socketPath}.bound`, socketPath);
  const roots = ['--data-root', path.join(root.path, 'data'), '--exec-root', path.join(root.path, 'exec')];
  const flags = ['-H', 'fd://', '--bridge', 'none', '--config-file', file, ...roots];
  const child = spawn(
    '/bin/sh',
    ['-c', 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', 'sh', process.execPath, program, ...flags],
    { stdio: ['ignore', 'ignore', 'ignore', fd], env: { ...process.env, NOTIFY_SOCKET: manager.path } },
  );
  listener.close();
  const ended = once(child, 'exit');
  // A client that comes before the daemon is ready waits in the socket's queue.
  const waiting = run('docker', ['-H', `unix://${socketPath}`, 'version', '-f', '{{.Server.Version}}']);
  await manager.told('READY=1');
  const { stdout, stderr } = await waiting;
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/, stderr);
  child.kill('SIGHUP');
  await manager.told('RELOADING=1');
  child.kill('SIGTERM');
  await manager.told('STOPPING=1');
  assert.deepEqual(await ended, [0, null]);
  assert.deepEqual(manager.states.slice(0, 2), ['READY=1', 'RELOADING=1']);
  rmSync(socketPath, { force: true });
});

test('fd:// without sockets handed over is refused', async () => {
  const refused = await gantryd('-H', 'fd://', '--config-file', '/dev/null');
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /no sockets were handed over \(LISTEN_FDS\)/);
});

test('TCP that anybody may use is served only when it was said twice, and never to foreign web pages', async () => {
  const once = await gantryd('-H', 'tcp://127.0.0.1:0', '--tls=false', '--config-file', '/dev/null');
  assert.equal(once.exitCode, 1);
  assert.match(once.stderr, /mutual TLS only.*both --tls=false and --tlsverify=false/);
  const port = await freePort();
  const flags = ['-H', `tcp://127.0.0.1:${port}`, '--tls=false', '--tlsverify=false'];
  await using daemon = await TestDaemon.start(flags);
  assert.match(daemon.log, /TCP without TLS: whoever reaches it is root/);
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/_ping`)).text(), 'OK');
  const warnings = await daemon.ok('info', '-f', '{{json .Warnings}}');
  assert.ok(warnings.includes(`WARNING: API is accessible on http://127.0.0.1:${port} without encryption.`));
  for (const headers of [{ Origin: 'http://evil.example' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
    const refused = await fetch(`http://127.0.0.1:${port}/containers/json`, { headers });
    assert.equal(refused.status, 403);
  }
});

test('--validate looks at the configuration and starts nothing', async () => {
  await using root = await temporaryRoot();
  const file = path.join(root.path, 'daemon.json');
  writeFileSync(file, '{"labels":["a=b"]}');
  const sound = await gantryd('--validate', '--config-file', file);
  assert.deepEqual([sound.exitCode, sound.stderr], [0, 'configuration OK\n']);
  const broken = await gantryd('--validate', '--config-file', file, '--label', 'c=d');
  assert.equal(broken.exitCode, 1);
  assert.match(broken.stderr, /specified both as a flag and in the configuration file: labels/);
  assert.match((await gantryd('--version')).stdout, /^Gantry version \d/);
});
