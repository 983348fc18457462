import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { writeSysctl } from '@gantry/kernel';
import { BridgeLab, type LabContainer, type LabNetwork } from '../../testing/bridge-lab.ts';
import { wire } from '../../testing/network-host.ts';
import { ask, serve } from '../../testing/network-probe.ts';
import type { PortRule } from './port-rules.ts';

const lab = new BridgeLab();
const closed = { timeoutMs: 400 };
const servers: Disposable[] = [];
let open: LabNetwork;
let one: LabContainer;
let two: LabContainer;
let elsewhere: LabContainer;
let inside: LabContainer;
let insideToo: LabContainer;
let unprotected: LabContainer;

before(async () => {
  await lab.firewall.reset([], []);
  open = await lab.addNetwork(1);
  [one, two] = [lab.addContainer(open, 2), lab.addContainer(open, 3)];
  elsewhere = lab.addContainer(await lab.addNetwork(2), 2);
  const internal = await lab.addNetwork(3, { internal: true });
  [inside, insideToo] = [lab.addContainer(internal, 2), lab.addContainer(internal, 3)];
  unprotected = lab.addContainer(
    await lab.addNetwork(4, { gatewayMode4: 'nat-unprotected', gatewayMode6: 'nat-unprotected' }),
    2,
  );
  for (const { namespacePath } of [one, two, elsewhere, inside, insideToo, unprotected]) {
    servers.push(serve(namespacePath, 'tcp', 80));
  }
  servers.push(serve(lab.neighbour, 'tcp', 80));
});

after(async () => {
  for (const server of servers) server[Symbol.dispose]();
  await lab[Symbol.asyncDispose]();
});

test('containers reach their neighbours and the outside, with the host’s address, in both families', async () => {
  assert.deepEqual(await reach(one, two), [one.ipv4, one.ipv6]);
  assert.deepEqual(await reach(inside, insideToo), [inside.ipv4, inside.ipv6]);
  assert.deepEqual(await reach(one, outside), [wire.host, wire.host6]);
});

test('networks do not reach each other, in neither direction and neither family', async () => {
  for (const [from, to] of [
    [one, elsewhere],
    [elsewhere, one],
    [one, inside],
    [inside, one],
    [one, unprotected],
  ] as const) {
    assert.deepEqual(await reach(from, to, closed), [undefined, undefined]);
  }
});

test('an address of another network on a container of this one opens nothing there', async () => {
  run('ip', one.namespacePath, 'address', 'add', '10.2.0.77/32', 'dev', 'eth0');
  using _server = serve(elsewhere.namespacePath, 'udp', 53);
  await lab.firewall.publish([linkedPort('10.2.0.77', elsewhere.ipv4)]);
  const before = datagramsOf(elsewhere);
  run(process.execPath, one.namespacePath, '-e', datagram, elsewhere.ipv4, '10.2.0.77');
  run(process.execPath, one.namespacePath, '-e', datagram, elsewhere.ipv4);
  assert.equal(await ask({ protocol: 'udp', address: elsewhere.ipv4, port: 53 }), '10.2.0.1');
  assert.equal(datagramsOf(elsewhere) - before, 1);
  await lab.firewall.unpublish([linkedPort('10.2.0.77', elsewhere.ipv4)]);
});

test('an internal network is closed to the outside, and open to the host', async () => {
  assert.deepEqual(await reach(inside, outside, closed), [undefined, undefined]);
  assert.deepEqual(await reach(outside, inside, closed), [undefined, undefined]);
  assert.deepEqual(await reach(undefined, inside), ['10.3.0.1', 'fd00:3::1']);
});

test('an internal network cannot answer in the flow of another network’s container', async () => {
  using _server = serve(lab.neighbour, 'udp', 53);
  const send = (from: LabContainer, ...args: string[]): unknown =>
    run(process.execPath, from.namespacePath, '-e', datagram, ...args);
  const last = { protocol: 'udp', from: one.namespacePath, address: wire.neighbour, port: 53 } as const;
  const before = datagramsOf(one);
  send(one, wire.neighbour, one.ipv4, '5353');
  assert.equal(await ask(last), wire.host);
  run('ip', inside.namespacePath, 'address', 'add', `${wire.neighbour}/32`, 'dev', 'eth0');
  send(inside, wire.host, wire.neighbour, '53', '5353');
  assert.equal(await ask(last), wire.host);
  assert.equal(datagramsOf(one) - before, 3);
});

test('an internal network does not reach what other networks publish', async () => {
  const request = {
    protocol: 'tcp',
    containerPort: 80,
    hostAddress: '',
    hostPortFirst: 8080,
    hostPortLast: 8080,
  } as const;
  using reservation = lab.publisher.reserve([request], { ipv4: true, ipv6: true, defaultAddress: '' });
  await lab.publisher.publish(reservation, one);
  const published = { ipv4: wire.host, ipv6: wire.host6 };
  assert.deepEqual(await reach(inside, published, { ...closed, port: 8080 }), [undefined, undefined]);
  assert.deepEqual(await reach(elsewhere, published, { port: 8080 }), [elsewhere.ipv4, elsewhere.ipv6]);
  await lab.publisher.unpublish(reservation);
});

test('the outside reaches containers of unprotected networks, and of no others', async () => {
  assert.deepEqual(await reach(outside, unprotected), [wire.neighbour, wire.neighbour6]);
  assert.deepEqual(await reach(outside, one, closed), [undefined, undefined]);
});

test('with direct routing the outside reaches published ports by the container’s address, but for those of the host alone', async () => {
  const direct = lab.openFirewall({ directRouting: true });
  await direct.reset(lab.networks, [
    publishedPort('0.0.0.0', one.ipv4),
    publishedPort('127.0.0.1', two.ipv4),
  ]);
  assert.deepEqual(await reach(outside, one, closed), [wire.neighbour, undefined]);
  assert.deepEqual(await reach(outside, two, closed), [undefined, undefined]);
  assert.deepEqual(await reach(elsewhere, one, closed), [undefined, undefined]);
  await direct.publish([publishedPort('::', one.ipv6)]);
  assert.deepEqual(await reach(outside, one), [wire.neighbour, wire.neighbour6]);
  await direct.unpublish([publishedPort('0.0.0.0', one.ipv4), publishedPort('::', one.ipv6)]);
  assert.deepEqual(await reach(outside, one, closed), [undefined, undefined]);
  await lab.firewall.restore();
});

test('packets with the mark of the host’s own rules enter every network that is not internal', async () => {
  const marking = lab.openFirewall({ acceptMark: { mark: 0x1, mask: 0x3 } });
  await marking.reset(lab.networks, []);
  const mark = (value: number): void => {
    execFileSync('nft', ['-f', '-'], {
      input: `add table inet marks\ndelete table inet marks\ntable inet marks {
        chain first { type filter hook prerouting priority mangle; iifname "wire0" meta mark set ${value}; }
      }`,
    });
  };
  mark(0x5);
  assert.deepEqual(await reach(outside, one), [wire.neighbour, wire.neighbour6]);
  assert.deepEqual(await reach(outside, inside, closed), [undefined, undefined]);
  mark(0x2);
  assert.deepEqual(await reach(outside, one, closed), [undefined, undefined]);
  execFileSync('nft', ['delete', 'table', 'inet', 'marks']);
  await lab.firewall.restore();
});

test('without inter-container communication neighbours are closed where the bridge passes the host’s rules', async () => {
  writeSysctl(['net', 'bridge', 'bridge-nf-call-iptables'], '1');
  writeSysctl(['net', 'bridge', 'bridge-nf-call-ip6tables'], '1');
  await lab.firewall.addNetwork({ ...open, icc: false });
  assert.deepEqual(await reach(one, two, closed), [undefined, undefined]);
  assert.deepEqual(await reach(one, outside), [wire.host, wire.host6]);
  await lab.firewall.addNetwork(open);
  assert.deepEqual(await reach(one, two), [one.ipv4, one.ipv6]);
});

test('a network that is removed leaves nothing in the table', async () => {
  const network = await lab.addNetwork(5, { hostAddress4: wire.host, trustedHostInterfaces: ['wire0'] });
  const container = lab.addContainer(network, 2);
  servers.push(serve(container.namespacePath, 'tcp', 80));
  assert.deepEqual(await reach(outside, container), [wire.neighbour, wire.neighbour6]);
  assert.deepEqual(await reach(container, outside), [wire.host, wire.host6]);
  assert.match(lab.table(), /lab5/);
  await lab.firewall.removeNetwork(network.id);
  assert.doesNotMatch(lab.table(), /lab5|10\.5\.0|fd00:5:/);
});

/** Sends one datagram, from an address and port if they are named, to port 53 if no other is. */
const datagram = `const [to, from, fromPort, port] = process.argv.slice(1);
const socket = require('node:dgram').createSocket('udp4');
socket.bind(Number(fromPort ?? 0), from, () => socket.send('spoofed', Number(port ?? 53), to, () => socket.close()));`;

function run(program: string, namespacePath: string, ...args: string[]): string {
  return execFileSync('nsenter', [`--net=${namespacePath}`, program, ...args]).toString();
}

/** How many have arrived, those that nobody waited for too. */
function datagramsOf({ namespacePath }: LabContainer): number {
  const [, received, unwanted] = /^Udp: (\d+) (\d+)/m.exec(run('cat', namespacePath, '/proc/net/snmp')) ?? [];
  return Number(received) + Number(unwanted);
}

function linkedPort(source: string, containerAddress: string): PortRule {
  const untranslated = { hostAddress: '', hostPort: 0 };
  return { protocol: 'udp', source, containerAddress, containerPort: 53, ...untranslated };
}

function publishedPort(hostAddress: string, containerAddress: string): PortRule {
  return { protocol: 'tcp', hostAddress, hostPort: 8080, containerAddress, containerPort: 80 };
}

const outside = {
  namespacePath: lab.neighbour,
  ipv4: wire.neighbour,
  ipv6: wire.neighbour6,
};

/** What address the other side sees, by IPv4 and by IPv6; undefined where there is no way. */
async function reach(
  from: { namespacePath: string } | undefined,
  to: { ipv4: string; ipv6: string },
  { port = 80, timeoutMs = 10_000 }: { port?: number; timeoutMs?: number } = {},
): Promise<(string | undefined)[]> {
  const place = from === undefined ? {} : { from: from.namespacePath };
  return Promise.all([to.ipv4, to.ipv6].map((address) => ask({ ...place, address, port, timeoutMs })));
}
