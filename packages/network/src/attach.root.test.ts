import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { listLinks, NetlinkSocket, withNetworkNamespace, writeSysctl } from '@gantry/kernel';
import { MemoryMetadataStore } from '@gantry/state/testing';
import { LeakCheck } from '@gantry/testkit';
import { NetworkHost, wire } from '../testing/network-host.ts';
import { ask, serve } from '../testing/network-probe.ts';
import {
  attachRequest,
  attachToBridge,
  endpointOn,
  networkRequest,
  type OnBridge,
  onBridge,
} from '../testing/requests.ts';
import { areBridgesFiltered } from './drivers/bridge/bridges-filtered.ts';
import type { PortRequest } from './network-controller.ts';

const bridgeSetting = ['net', 'bridge', 'bridge-nf-call-iptables'];

test('a thousand attaches and detaches leave no interface, namespace, descriptor or rule behind', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open();
  await attachToBridge(controller, 'warm', [port(7999)]);
  await controller.detach('warm');
  await using _leaks = await LeakCheck.begin({ tag: host.folder, directories: [host.folder] });
  for (let round = 0; round < 20; round++) {
    const containerIds = Array.from({ length: 50 }, (_, index) => `c${round}-${index}`);
    const attachments = await Promise.all(
      containerIds.map((containerId, index) =>
        attachToBridge(controller, containerId, index % 10 === 0 ? [port(8000 + index)] : []),
      ),
    );
    assert.equal(new Set(attachments.map((attachment) => attachment.ipAddress)).size, 50);
    await Promise.all(containerIds.map((containerId) => controller.detach(containerId)));
  }
});

test('an address is not given out while the interface that had it is still there', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open();
  const first = await attachToBridge(controller, 'first');
  // A socket that is left inside keeps the namespace, and with it the interface.
  const left = withNetworkNamespace(first.namespacePath, () => NetlinkSocket.open());
  await controller.detach('first');
  const second = await attachToBridge(controller, 'second');
  assert.notEqual(second.ipAddress, first.ipAddress);
  left[Symbol.dispose]();
  await controller.restore(new Set());
});

test('the last free address is given out, and then there is none', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open({ bip: '10.55.0.1/29' });
  const attach = (containerId: string): Promise<{ ipAddress: string }> =>
    attachToBridge(controller, containerId);
  const given = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(attach));
  assert.deepEqual(
    given.map((attachment) => attachment.ipAddress),
    ['10.55.0.2', '10.55.0.3', '10.55.0.4', '10.55.0.5', '10.55.0.6'],
  );
  await assert.rejects(attach('f'), {
    code: 'no-address-left',
    message: `no available IPv4 addresses on this network's address pools: bridge (${controller.network('bridge').id})`,
  });
  // Kept alive as above: with no other address left, the old interface has to go.
  using _left = withNetworkNamespace(path.join(host.folder, 'netns', 'c'), () => NetlinkSocket.open());
  await controller.detach('c');
  assert.equal((await attach('f')).ipAddress, '10.55.0.4');
  await controller.restore(new Set());
});

test('a network whose bridge is full goes on over further bridges, all on one wire, and leaves nothing', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open({ bridgeLimits: { first: 2, further: 4 } });
  for (const [icc, bridges] of [
    ['true', 3],
    ['false', areBridgesFiltered() ? 4 : 3],
  ] as const) {
    const options = { 'com.docker.network.bridge.enable_icc': icc };
    const { id } = await controller.createNetwork(networkRequest('crowd', { ipv6: false, options }));
    const on: OnBridge[] = [];
    for (let index = 0; index < 7; index++) {
      const wish = { endpoints: [endpointOn('crowd')], ports: index === 6 ? [port(8080)] : [] };
      on.push(onBridge(await controller.attach(attachRequest(`c${index}`, wish))));
    }
    assert.equal(bridgesOf(id), bridges);
    const [first, , second] = on;
    const last = on.at(-1);
    assert.ok(first && second && last);
    using _server = serve(last.namespacePath, 'tcp', 80);
    for (const { namespacePath, ipAddress } of [first, second]) {
      const answer = await ask({
        from: namespacePath,
        address: last.ipAddress,
        port: 80,
        timeoutMs: icc === 'true' ? 10_000 : 300,
      });
      assert.equal(answer, icc === 'true' ? ipAddress : undefined);
    }
    assert.equal(await ask({ from: host.neighbour, address: wire.host, port: 8080 }), wire.neighbour);
    assert.deepEqual(controller.check(), []);
    await controller.restore(new Set());
    await controller.removeNetwork('crowd');
    assert.equal(bridgesOf(id), 0);
  }
});

for (const filtered of existsSync(`/proc/sys/${bridgeSetting.join('/')}`) ? ['1', '0'] : [undefined]) {
  for (const icc of ['true', 'false']) {
    test(`a published port is reached from every container of its network, itself too, and the host, on whichever bridge (br_netfilter ${filtered ?? 'missing'}, icc ${icc})`, async () => {
      await using host = new NetworkHost();
      if (filtered !== undefined) writeSysctl(bridgeSetting, filtered);
      await using controller = await host.open({ bridgeLimits: { first: 1, further: 3 } });
      const options = { 'com.docker.network.bridge.enable_icc': icc };
      const { ipam } = await controller.createNetwork(networkRequest('crowd', { ipv6: true, options }));
      const [gateway, gateway6] = ipam.config.map((config) => config.gateway);
      const on: OnBridge[] = [];
      for (let index = 0; index < 4; index++) {
        const wish = { endpoints: [endpointOn('crowd')], ports: [port(8080 + index)] };
        on.push(onBridge(await controller.attach(attachRequest(`c${index}`, wish))));
      }
      for (const [index, { namespacePath }] of on.entries()) {
        using _server = serve(namespacePath, 'tcp', 80);
        for (const { namespacePath: from } of on) {
          assert.equal(await ask({ from, address: wire.host, port: 8080 + index }), '172.18.0.1');
        }
        assert.equal(
          await ask({ from: host.neighbour, address: wire.host, port: 8080 + index }),
          wire.neighbour,
        );
        const own = [wire.host, '127.0.0.1', wire.host6, '::1'];
        const seen = await Promise.all(own.map((address) => ask({ address, port: 8080 + index })));
        assert.deepEqual(seen, [gateway, gateway, gateway6, gateway6]);
      }
      await controller.restore(new Set());
      await controller.removeNetwork('crowd');
    });
  }
}

test('a container has loopback, eth0, one default route and no IPv6 on its interface', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open();
  const { namespacePath, macAddress, ipAddress } = await attachToBridge(controller, 'web');
  const inside = (...args: string[]): string =>
    withNetworkNamespace(namespacePath, () => execFileSync('ip', args).toString());
  assert.match(inside('link', 'show', 'lo'), /state UNKNOWN/);
  assert.match(inside('link', 'show', 'eth0'), new RegExp(`state UP[^]*${macAddress}`));
  assert.match(inside('-4', 'address', 'show', 'eth0'), new RegExp(`${ipAddress}/16 brd 172.17.255.255`));
  assert.match(inside('-6', 'address', 'show', 'lo'), /::1\/128/);
  assert.equal(inside('-6', 'address', 'show', 'eth0'), '');
  assert.match(inside('route'), /^default via 172\.17\.0\.1 dev eth0/);
  await controller.detach('web');
});

test('a port that another program has is refused, and so is one of an address that the host lacks', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open();
  const server = createServer().listen(8080, '0.0.0.0');
  await once(server, 'listening');
  await using datagrams = createSocket('udp4');
  datagrams.bind(8081, '127.0.0.1');
  await once(datagrams, 'listening');
  const attach = (request: PortRequest): Promise<unknown> =>
    attachToBridge(controller, 'web', [port(9000), request]);
  await assert.rejects(attach(port(8080)), {
    code: 'port-in-use',
    message: 'failed to bind host port for 0.0.0.0:8080: address already in use',
  });
  await assert.rejects(attach({ ...port(8081), protocol: 'udp' }), { code: 'port-in-use' });
  await assert.rejects(attach({ ...port(8080), hostAddress: '198.51.100.7' }), {
    code: 'host-address-not-found',
    message: 'failed to bind host port for 198.51.100.7:8080: cannot assign requested address',
  });
  server.close();
  await attach({ ...port(8080), hostPortLast: 8081 });
  await controller.detach('web');
});

test('nobody else can bind a published port, and a port in TIME_WAIT can be published', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open();
  const server = createServer((socket) => socket.end()).listen(8080, '0.0.0.0');
  await once(server, 'listening');
  const client = connect(8080, '127.0.0.1');
  client.resume();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
  const { namespacePath, gateway } = await attachToBridge(controller, 'web', [port(8080)]);
  await using second = await host.open({ bridge: 'none' });
  assert.deepEqual(
    second.networks().map((network) => network.name),
    ['host', 'none'],
  );
  const rival = createServer().listen(8080, '0.0.0.0');
  const [error] = (await once(rival, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'EADDRINUSE');
  using _server = serve(namespacePath, 'tcp', 80);
  assert.equal(await ask({ address: '127.0.0.1', port: 8080 }), gateway);
  await controller.detach('web');
});

test('three thousand ports are published with one container', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open();
  const ports = Array.from({ length: 3000 }, (_, index) => ({
    ...port(10_000 + index),
    containerPort: 10_000 + index,
  }));
  const { namespacePath, gateway } = await attachToBridge(controller, 'web', ports);
  using _server = serve(namespacePath, 'tcp', 12_999);
  assert.equal(await ask({ address: '127.0.0.1', port: 12_999 }), gateway);
  await controller.detach('web');
});

test('a UDP flow that never pauses follows the port to the next container', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open();
  const ports = [{ ...port(5300), protocol: 'udp' as const }];
  await using client = createSocket('udp4');
  client.bind(0, '127.0.0.1');
  await once(client, 'listening');
  for (const containerId of ['first', 'second', 'third']) {
    const { namespacePath } = await attachToBridge(controller, containerId, ports);
    using _server = serve(namespacePath, 'udp', 80);
    const answered = once(client, 'message', { signal: AbortSignal.timeout(20_000) });
    client.send('hello', 5300, '127.0.0.1');
    await answered;
    await controller.detach(containerId);
    client.send('between', 5300, '127.0.0.1');
  }
});

test('two engines live side by side, each on its bridge', async () => {
  await using host = new NetworkHost();
  await using one = await host.open();
  const place = { execRoot: path.join(host.folder, 'other'), store: new MemoryMetadataStore() };
  await using other = await host.open({ ...place, bridge: 'test1' });
  const [web, client] = [
    await attachToBridge(one, 'web', [port(8080)]),
    await attachToBridge(other, 'client'),
  ];
  assert.equal(client.gateway, '172.18.0.1');
  using _server = serve(web.namespacePath, 'tcp', 80);
  assert.equal(await ask({ from: client.namespacePath, address: web.gateway, port: 8080 }), web.gateway);
  assert.equal(
    await ask({ from: client.namespacePath, address: web.ipAddress, port: 80, timeoutMs: 400 }),
    undefined,
  );
  await assert.rejects(attachToBridge(other, 'rival', [port(8080)]), {
    message: 'failed to bind host port for 0.0.0.0:8080: address already in use',
  });
  await assert.rejects(host.open(place), {
    code: 'bridge-configuration',
    message: /containers of another engine are on it/,
  });
  await one.restore(new Set());
  await other.restore(new Set());
  execFileSync('ip', ['link', 'delete', 'test1']);
});

/** Bridges that carry the network's mark. */
function bridgesOf(id: string): number {
  using socket = NetlinkSocket.open();
  return listLinks(socket).filter(({ kind, alias }) => kind === 'bridge' && alias.includes(id)).length;
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
