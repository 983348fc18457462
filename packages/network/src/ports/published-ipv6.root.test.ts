import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { BridgeLab, type LabContainer } from '../../testing/bridge-lab.ts';
import { wire } from '../../testing/network-host.ts';
import { ask, serve } from '../../testing/network-probe.ts';
import type { PortRequest } from '../network-controller.ts';
import type { PortReservation } from './port-publisher.ts';

const lab = new BridgeLab();
const both = { ipv4: true, ipv6: true, defaultAddress: '' };
const open: PortReservation[] = [];
let web: LabContainer;
let other: LabContainer;
let elsewhere: LabContainer;

before(async () => {
  await lab.firewall.reset([], []);
  const network = await lab.addNetwork(1);
  web = lab.addContainer(network, 2);
  other = lab.addContainer(network, 3);
  elsewhere = lab.addContainer(await lab.addNetwork(2), 2);
});

after(async () => {
  for (const reservation of open) reservation[Symbol.dispose]();
  await lab[Symbol.asyncDispose]();
});

test('a port on every address is one number, and answers in both families, with the source kept', async () => {
  const { ports } = await publish(port());
  const [first, second] = ports;
  assert.deepEqual([first?.hostAddress, second?.hostAddress], ['0.0.0.0', '::']);
  assert.equal(first?.hostPort, second?.hostPort);
  using _server = serve(web.namespacePath, 'tcp', 80);
  const at = { port: first?.hostPort ?? 0 };
  assert.equal(await ask({ ...at, from: lab.neighbour, address: wire.host }), wire.neighbour);
  assert.equal(await ask({ ...at, from: lab.neighbour, address: wire.host6 }), wire.neighbour6);
  assert.equal(await ask({ ...at, address: wire.host6 }), wire.host6);
  assert.equal(await ask({ ...at, from: elsewhere.namespacePath, address: wire.host6 }), elsewhere.ipv6);
  for (const from of [web.namespacePath, other.namespacePath]) {
    assert.equal(await ask({ ...at, from, address: wire.host6 }), 'fd00:1::1');
    assert.equal(await ask({ ...at, from, address: 'fd00:1::1' }), 'fd00:1::1');
  }
  assert.equal(await ask({ ...at, address: '::1' }), 'fd00:1::1');
});

test('a port on ::1 or on 127.0.0.1 answers on this host alone', async () => {
  using _server = serve(web.namespacePath, 'tcp', 80);
  for (const hostAddress of ['::1', '127.0.0.1']) {
    const { ports } = await publish(port({ hostAddress }));
    const at = { port: ports[0]?.hostPort ?? 0, timeoutMs: 400 };
    assert.equal(ports.length, 1);
    assert.match(
      (await ask({ ...at, timeoutMs: 10_000, address: hostAddress })) ?? '',
      /^(fd00:1::1|10\.1\.0\.1)$/,
    );
    for (const address of [wire.host6, wire.host]) {
      assert.equal(await ask({ ...at, address }), undefined);
      assert.equal(await ask({ ...at, from: lab.neighbour, address }), undefined);
      assert.equal(await ask({ ...at, from: other.namespacePath, address }), undefined);
    }
  }
});

test('a port on one IPv6 address answers there alone', async () => {
  const { ports } = await publish(port({ hostAddress: wire.host6 }));
  using _server = serve(web.namespacePath, 'tcp', 80);
  const at = { port: ports[0]?.hostPort ?? 0 };
  assert.equal(await ask({ ...at, from: lab.neighbour, address: wire.host6 }), wire.neighbour6);
  assert.equal(await ask({ ...at, address: 'fd00:1::1', timeoutMs: 400 }), undefined);
  assert.equal(await ask({ ...at, address: wire.host, timeoutMs: 400 }), undefined);
  assert.throws(() => lab.publisher.reserve([port({ hostAddress: '2001:db8::99' })], both), {
    code: 'host-address-not-found',
  });
});

test('datagrams pass in both families', async () => {
  const { ports } = await publish(port({ protocol: 'udp', containerPort: 53 }));
  using _server = serve(web.namespacePath, 'udp', 53);
  const at = { protocol: 'udp', port: ports[0]?.hostPort ?? 0 } as const;
  assert.equal(await ask({ ...at, from: lab.neighbour, address: wire.host6 }), wire.neighbour6);
  assert.equal(await ask({ ...at, from: lab.neighbour, address: wire.host }), wire.neighbour);
  assert.equal(await ask({ ...at, address: '::1' }), 'fd00:1::1');
});

test('a container without IPv6 is reached on IPv6 addresses too, through a relay', async () => {
  for (const protocol of ['tcp', 'udp'] as const) {
    const reservation = lab.publisher.reserve([port({ protocol })], { ...both, ipv6: false });
    open.push(reservation);
    await lab.publisher.publish(reservation, { ipv4: web.ipv4 });
    using _server = serve(web.namespacePath, protocol, 80);
    const at = { protocol, port: reservation.ports[1]?.hostPort ?? 0 };
    assert.equal(reservation.ports[1]?.hostAddress, '::');
    for (const address of ['::1', wire.host6]) assert.equal(await ask({ ...at, address }), '10.1.0.1');
    assert.equal(await ask({ ...at, from: lab.neighbour, address: wire.host6 }), '10.1.0.1');
    assert.equal(await ask({ ...at, from: lab.neighbour, address: wire.host }), wire.neighbour);
  }
});

test('ports move with their container to another network, and lead nowhere when taken back', async () => {
  const reservation = await publish(port());
  const at = { port: reservation.ports[0]?.hostPort ?? 0 };
  const places = [
    { from: lab.neighbour, address: wire.host },
    { from: lab.neighbour, address: wire.host6 },
    { address: '::1' },
  ];
  await lab.publisher.publish(reservation, { ipv4: elsewhere.ipv4 });
  {
    using _server = serve(elsewhere.namespacePath, 'tcp', 80);
    const seen = await Promise.all(places.map((place) => ask({ ...at, ...place })));
    assert.deepEqual(seen, [wire.neighbour, '10.2.0.1', '10.2.0.1']);
  }
  await lab.publisher.publish(reservation, { ipv6: elsewhere.ipv6, ipv4: elsewhere.ipv4 });
  using _server = serve(elsewhere.namespacePath, 'tcp', 80);
  assert.equal(await ask({ ...at, from: lab.neighbour, address: wire.host6 }), wire.neighbour6);
  await lab.publisher.unpublish(reservation);
  const after = await Promise.all(places.map((place) => ask({ ...at, ...place, timeoutMs: 400 })));
  assert.deepEqual(after, [undefined, undefined, undefined]);
});

test('a free number is free on IPv4 and on IPv6', async () => {
  const taken = createServer().listen({ host: '::', port: 0, ipv6Only: true });
  await once(taken, 'listening');
  using _taken = { [Symbol.dispose]: () => void taken.close() };
  const address = taken.address();
  const number = typeof address === 'object' && address !== null ? address.port : 0;
  assert.throws(() => lab.publisher.reserve([port({ hostPortFirst: number, hostPortLast: number })], both), {
    message: `failed to bind host port for [::]:${number}: address already in use`,
  });
  using pair = lab.publisher.reserve([port({ hostPortFirst: number, hostPortLast: number + 5 })], both);
  assert.notEqual(pair.ports[0]?.hostPort, number);
  assert.equal(pair.ports[0]?.hostPort, pair.ports[1]?.hostPort);
});

test('a port of a routed network is opened in the container, and none is taken on the host', async () => {
  const routed = await lab.addNetwork(3, { gatewayMode4: 'routed', gatewayMode6: 'routed' });
  const container = lab.addContainer(routed, 2);
  const reservation = lab.publisher.reserve([port({ hostPortFirst: 80, hostPortLast: 80 })], {
    ...both,
    routed4: true,
    routed6: true,
  });
  open.push(reservation);
  assert.deepEqual(reservation.ports, [{ protocol: 'tcp', containerPort: 80, hostAddress: '', hostPort: 0 }]);
  await lab.publisher.publish(reservation, container);
  using _open = serve(container.namespacePath, 'tcp', 80);
  using _closed = serve(container.namespacePath, 'tcp', 81);
  using _outside = serve(lab.neighbour, 'tcp', 7);
  for (const [address, source] of [
    [container.ipv4, wire.neighbour],
    [container.ipv6, wire.neighbour6],
  ] as const) {
    assert.equal(await ask({ from: lab.neighbour, address, port: 80 }), source);
    assert.equal(await ask({ from: lab.neighbour, address, port: 81, timeoutMs: 400 }), undefined);
  }
  const out = { from: container.namespacePath, port: 7 };
  assert.equal(await ask({ ...out, address: wire.neighbour }), container.ipv4);
  assert.equal(await ask({ ...out, address: wire.neighbour6 }), container.ipv6);
});

async function publish(request: PortRequest): Promise<PortReservation> {
  const reservation = lab.publisher.reserve([request], both);
  open.push(reservation);
  await lab.publisher.publish(reservation, web);
  return reservation;
}

function port(request: Partial<PortRequest> = {}): PortRequest {
  return {
    protocol: 'tcp',
    containerPort: 80,
    hostAddress: '',
    hostPortFirst: 0,
    hostPortLast: 0,
    ...request,
  };
}
