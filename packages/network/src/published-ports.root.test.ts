import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { writeSysctl } from '@gantry/kernel';
import { NetworkHost, wire } from '../testing/network-host.ts';
import { ask, serve } from '../testing/network-probe.ts';
import { attachToBridge, type OnBridge } from '../testing/requests.ts';
import type { NetworkController, PortRequest } from './network-controller.ts';

const host = new NetworkHost();
let controller: NetworkController & AsyncDisposable;
let web: OnBridge;
let other: OnBridge;

before(async () => {
  controller = await host.open();
  other = await attachToBridge(controller, 'other');
  web = await attachToBridge(controller, 'web', [
    port({ hostPortFirst: 8080, hostPortLast: 8080 }),
    port({ hostAddress: '127.0.0.1' }),
    port({ protocol: 'udp', hostPortFirst: 5300, hostPortLast: 5300, containerPort: 53 }),
    port({ hostPortFirst: 9000, hostPortLast: 9010 }),
    port({ hostPortFirst: 9000, hostPortLast: 9010 }),
  ]);
});

after(async () => {
  for (const containerId of ['web', 'other', 'first', 'second']) await controller.detach(containerId);
  await controller[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

test('a published port answers on 127.0.0.1, on the addresses of the host and to a neighbour', async () => {
  using _server = serve(web.namespacePath, 'tcp', 80);
  assert.equal(await ask({ address: '127.0.0.1', port: 8080 }), web.gateway);
  assert.equal(await ask({ address: '127.0.0.2', port: 8080 }), web.gateway);
  assert.equal(await ask({ address: wire.host, port: 8080 }), wire.host);
  assert.equal(await ask({ from: host.neighbour, address: wire.host, port: 8080 }), wire.neighbour);
});

test('a published port answers to other containers and to its own container, by any address of the host', async () => {
  using _server = serve(web.namespacePath, 'tcp', 80);
  for (const bridgeFilter of ['1', '0']) {
    // br_netfilter, where the kernel has it: packets of the bridge pass the rules of IP, or they do not.
    writeSysctl(['net', 'bridge', 'bridge-nf-call-iptables'], bridgeFilter);
    for (const from of [other.namespacePath, web.namespacePath]) {
      assert.equal(await ask({ from, address: wire.host, port: 8080 }), web.gateway);
      assert.equal(await ask({ from, address: web.gateway, port: 8080 }), web.gateway);
    }
  }
});

test('a published UDP port answers from everywhere', async () => {
  using _server = serve(web.namespacePath, 'udp', 53);
  const question = { protocol: 'udp', port: 5300 } as const;
  assert.equal(await ask({ ...question, address: '127.0.0.1' }), web.gateway);
  assert.equal(await ask({ ...question, address: wire.host }), wire.host);
  assert.equal(await ask({ ...question, from: host.neighbour, address: wire.host }), wire.neighbour);
  assert.equal(await ask({ ...question, from: other.namespacePath, address: wire.host }), web.gateway);
});

test('a port published on 127.0.0.1 answers on the host alone', async () => {
  using _server = serve(web.namespacePath, 'tcp', 80);
  const { hostPort = 0 } = web.ports[2] ?? {};
  assert.ok(hostPort > 1023);
  assert.equal(await ask({ address: '127.0.0.1', port: hostPort }), web.gateway);
  const refused = { port: hostPort, timeoutMs: 400 };
  assert.equal(await ask({ ...refused, address: wire.host }), undefined);
  assert.equal(await ask({ ...refused, from: host.neighbour, address: wire.host }), undefined);
  assert.equal(await ask({ ...refused, from: other.namespacePath, address: wire.host }), undefined);
  assert.equal(await ask({ ...refused, from: other.namespacePath, address: web.gateway }), undefined);
});

test('a neighbour that routes 127.0.0.1 to the host reaches nothing there', async () => {
  using _server = serve(web.namespacePath, 'tcp', 80);
  const { hostPort = 0 } = web.ports[2] ?? {};
  for (const from of [host.neighbour, other.namespacePath]) {
    await host.routeLoopbackOut(from);
    for (const port of [hostPort, 8080]) {
      assert.equal(await ask({ from, address: '127.0.0.1', port, timeoutMs: 400 }), undefined);
    }
  }
});

test('a range gives each request a free port of it', async () => {
  using _server = serve(web.namespacePath, 'tcp', 80);
  assert.deepEqual(
    web.ports.slice(5).map(({ hostAddress, hostPort }) => `${hostAddress} ${hostPort}`),
    ['0.0.0.0 9000', ':: 9000', '0.0.0.0 9001', ':: 9001'],
  );
  assert.equal(await ask({ address: '127.0.0.1', port: 9001 }), web.gateway);
});

test('containers reach each other and the outside, and the outside reaches no unpublished port', async () => {
  using _server = serve(web.namespacePath, 'tcp', 81);
  using _outside = serve(host.neighbour, 'tcp', 7);
  assert.equal(await ask({ from: other.namespacePath, address: web.ipAddress, port: 81 }), other.ipAddress);
  assert.equal(await ask({ address: web.ipAddress, port: 81 }), web.gateway);
  assert.equal(await ask({ from: other.namespacePath, address: wire.neighbour, port: 7 }), wire.host);
  assert.equal(
    await ask({ from: host.neighbour, address: web.ipAddress, port: 81, timeoutMs: 400 }),
    undefined,
  );
});

test('a port that is given back stops answering, and can be published by another container', async () => {
  using _server = serve(other.namespacePath, 'tcp', 80);
  using _datagrams = serve(other.namespacePath, 'udp', 80);
  const ports = [
    port({ hostPortFirst: 7000, hostPortLast: 7000 }),
    port({ protocol: 'udp', hostPortFirst: 7000, hostPortLast: 7000 }),
  ];
  const first = await attachToBridge(controller, 'first', ports);
  {
    using _first = serve(first.namespacePath, 'tcp', 80);
    assert.equal(await ask({ address: '127.0.0.1', port: 7000 }), first.gateway);
    await assert.rejects(attachToBridge(controller, 'second', ports), {
      code: 'port-in-use',
      message: 'Bind for 0.0.0.0:7000 failed: port is already allocated',
    });
    assert.equal(controller.attachment('second'), undefined);
  }
  await controller.detach('first');
  assert.equal(await ask({ address: '127.0.0.1', port: 7000, timeoutMs: 400 }), undefined);
  const second = await attachToBridge(controller, 'second', ports);
  {
    using _second = serve(second.namespacePath, 'udp', 80);
    assert.equal(await ask({ protocol: 'udp', address: '127.0.0.1', port: 7000 }), second.gateway);
  }
  await controller.detach('second');
});

function port(request: Partial<PortRequest>): PortRequest {
  return {
    protocol: 'tcp',
    containerPort: 80,
    hostAddress: '',
    hostPortFirst: 0,
    hostPortLast: 0,
    ...request,
  };
}
