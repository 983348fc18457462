import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { isNamespacePinned, listLinks, NetlinkSocket, releaseNetworkNamespace } from '@gantry/kernel';
import { NetworkHost, wire } from '../testing/network-host.ts';
import { ask, serve } from '../testing/network-probe.ts';
import { attachToBridge } from '../testing/requests.ts';
import type { PortRequest } from './network-controller.ts';

const web = [port(8080), { ...port(0), hostAddress: '127.0.0.1' }];

test('a container keeps its network, its address and its ports while engines come and go', async () => {
  await using host = new NetworkHost();
  const first = await host.open();
  const attachment = await attachToBridge(first, 'web', web);
  const networks = first.networks();
  using _server = serve(attachment.namespacePath, 'tcp', 80);
  await first[Symbol.asyncDispose]();
  assert.equal(await ask({ from: host.neighbour, address: wire.host, port: 8080 }), wire.neighbour);
  await using second = await host.open();
  await second.restore(new Set(['web']));
  assert.deepEqual(second.networks(), networks);
  assert.equal(await ask({ from: host.neighbour, address: wire.host, port: 8080 }), wire.neighbour);
  assert.equal(
    await ask({ address: '127.0.0.1', port: attachment.ports.at(-1)?.hostPort ?? 0 }),
    attachment.gateway,
  );
  await assert.rejects(listen(8080), { code: 'EADDRINUSE' });
  const other = await attachToBridge(second, 'other');
  assert.notEqual(other.ipAddress, attachment.ipAddress);
  await second.restore(new Set());
});

test('what somebody took away while no engine ran is put back', async () => {
  const losses: Record<string, (hostInterface: string) => void> = {
    'the veth pair': (hostInterface) => run('ip', 'link', 'delete', hostInterface),
    'the bridge': () => run('ip', 'link', 'delete', 'test0'),
    'the bridge port': (hostInterface) => run('ip', 'link', 'set', hostInterface, 'nomaster', 'down'),
    'the bridge address': () => run('ip', 'address', 'flush', 'dev', 'test0'),
    'all firewall rules': () => run('nft', 'flush', 'ruleset'),
    'one element': () =>
      run('nft', 'delete', 'element', 'inet', 'gantry_test0', 'published4', '{ tcp . 8080 }'),
  };
  await using host = new NetworkHost();
  const first = await host.open();
  const attachment = await attachToBridge(first, 'web', web);
  await first[Symbol.asyncDispose]();
  using _server = serve(attachment.namespacePath, 'tcp', 80);
  for (const [loss, cause] of Object.entries(losses)) {
    cause(vethNames()[0] ?? '');
    const controller = await host.open();
    await controller.restore(new Set(['web']));
    assert.deepEqual(controller.attachment('web'), attachment.attachment, loss);
    assert.equal(await ask({ from: host.neighbour, address: wire.host, port: 8080 }), wire.neighbour, loss);
    assert.equal(
      await ask({ from: attachment.namespacePath, address: wire.host, port: 8080 }),
      attachment.gateway,
      loss,
    );
    await controller[Symbol.asyncDispose]();
  }
  await using last = await host.open();
  await last.restore(new Set());
});

test('rules that somebody flushed while the engine runs come back with the next published port', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open();
  const attachment = await attachToBridge(controller, 'web', web);
  using _server = serve(attachment.namespacePath, 'tcp', 80);
  run('nft', 'flush', 'ruleset');
  await attachToBridge(controller, 'other', [port(8081)]);
  assert.equal(await ask({ from: host.neighbour, address: wire.host, port: 8080 }), wire.neighbour);
  run('nft', 'flush', 'ruleset');
  await controller.detach('other');
  assert.equal(await ask({ from: host.neighbour, address: wire.host, port: 8080 }), wire.neighbour);
  await controller.restore(new Set());
});

test('a container without its namespace keeps its address reserved until it is detached', async () => {
  await using host = new NetworkHost();
  const first = await host.open();
  const { namespacePath, ipAddress } = await attachToBridge(first, 'web');
  await first[Symbol.asyncDispose]();
  await releaseNetworkNamespace(namespacePath);
  await using second = await host.open();
  await second.restore(new Set(['web']));
  const other = await attachToBridge(second, 'other');
  assert.notEqual(other.ipAddress, ipAddress);
  await second.restore(new Set());
});

test('interfaces and namespaces of nobody are removed, and those of others are left', async () => {
  await using host = new NetworkHost();
  const first = await host.open();
  await attachToBridge(first, 'web', web);
  const { key = '', document } =
    host.store.collection('network-endpoints', { version: 2 }).entries()[0] ?? {};
  assert.ok(document);
  host.store.collection('network-endpoints', { version: 2 }).delete(key);
  await first[Symbol.asyncDispose]();
  run('ip', 'link', 'add', 'stranger0', 'type', 'bridge');
  await using second = await host.open();
  await second.restore(new Set(['web']));
  assert.deepEqual(vethNames(), []);
  assert.deepEqual(readdirSync(path.join(host.folder, 'netns')), []);
  assert.doesNotMatch(run('nft', 'list', 'ruleset'), /8080/);
  run('ip', 'link', 'delete', 'stranger0');
});

test('after a reboot nothing is there, and nothing is missed', async () => {
  await using host = new NetworkHost();
  const first = await host.open();
  const { namespacePath } = await attachToBridge(first, 'web', web);
  await first[Symbol.asyncDispose]();
  await releaseNetworkNamespace(namespacePath);
  rmSync(path.join(host.folder, 'netns'), { recursive: true });
  run('ip', 'link', 'delete', 'test0');
  run('nft', 'flush', 'ruleset');
  await using second = await host.open();
  await second.restore(new Set());
  const again = await attachToBridge(second, 'web', web);
  assert.ok(isNamespacePinned(again.namespacePath));
  await second.restore(new Set());
});

test('closing without containers takes the rules away, and leaves the bridge', async () => {
  await using host = new NetworkHost();
  const controller = await host.open();
  assert.match(run('nft', 'list', 'ruleset'), /gantry_test0/);
  await controller[Symbol.asyncDispose]();
  await controller[Symbol.asyncDispose]();
  assert.equal(run('nft', 'list', 'ruleset'), '');
  assert.match(run('ip', 'address', 'show', 'test0'), /172\.17\.0\.1\/16/);
});

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args).toString();
}

function vethNames(): string[] {
  using socket = NetlinkSocket.open();
  return listLinks(socket)
    .filter((link) => link.alias.startsWith('gantry:'))
    .map((link) => link.name);
}

async function listen(hostPort: number): Promise<Server> {
  const server = createServer().listen(hostPort, '0.0.0.0');
  await once(server, 'listening');
  return server;
}

function port(hostPort: number): PortRequest {
  return {
    protocol: 'tcp',
    containerPort: 80,
    hostAddress: '',
    hostPortFirst: hostPort,
    hostPortLast: hostPort,
  };
}
