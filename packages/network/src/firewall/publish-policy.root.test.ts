import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { findLink, writeSysctl } from '@gantry/kernel';
import { BridgeLab } from '../../testing/bridge-lab.ts';
import { wire } from '../../testing/network-host.ts';
import { ask, serve } from '../../testing/network-probe.ts';
import type { PortRequest } from '../network-controller.ts';

const established =
  'ct state established,related accept; iifname "lo" accept; meta l4proto ipv6-icmp accept;';

/** Input rules as the tools write them, and the words that open a port in them. */
const firewalls = [
  {
    name: 'a chain with policy drop for each family (ufw)',
    install: ['ip', 'ip6'].map(
      (family) =>
        `table ${family} filter { chain ufw-user-input { }; chain INPUT { type filter hook input priority filter; policy drop; ${established} jump ufw-user-input; }; }`,
    ),
    open: (match: string) => [
      `add rule ip filter ufw-user-input ${match} accept`,
      `add rule ip6 filter ufw-user-input ${match} accept`,
    ],
  },
  {
    name: 'a chain of zones that ends in reject (firewalld)',
    install: [
      `table inet firewalld { chain filter_IN_public { }; chain filter_INPUT { type filter hook input priority 10; policy accept;
        ${established} jump filter_IN_public; ct state invalid drop; reject with icmpx admin-prohibited; }; }`,
    ],
    open: (match: string) => [`add rule inet firewalld filter_IN_public ${match} accept`],
  },
];

for (const { name, install, open } of firewalls) {
  test(`with publish-policy host, ${name} decides who reaches a published port, and sees its host port`, async () => {
    await using lab = new BridgeLab('host');
    // As ufw and some distributions have it.
    writeSysctl(['net', 'ipv4', 'conf', 'all', 'rp_filter'], '1');
    await lab.firewall.reset([], []);
    const web = lab.addContainer(await lab.addNetwork(1), 2);
    const requests = [port(8080, 'tcp'), port(5300, 'udp'), { ...port(8081, 'tcp'), hostAddress: wire.host }];
    using reservation = lab.publisher.reserve(requests, { ipv4: true, ipv6: true, defaultAddress: '' });
    await lab.publisher.publish(reservation, web);
    using _tcp = serve(web.namespacePath, 'tcp', 80);
    using _udp = serve(web.namespacePath, 'udp', 80);
    const questions = [
      { protocol: 'tcp', address: wire.host, port: 8080 },
      { protocol: 'tcp', address: wire.host6, port: 8080 },
      { protocol: 'udp', address: wire.host, port: 5300 },
      { protocol: 'udp', address: wire.host6, port: 5300 },
      { protocol: 'tcp', address: wire.host, port: 8081 },
    ] as const;
    const answers = (timeoutMs = 10_000): Promise<(string | undefined)[]> =>
      Promise.all(questions.map((question) => ask({ from: lab.neighbour, ...question, timeoutMs })));
    const all = [wire.neighbour, wire.neighbour6, wire.neighbour, wire.neighbour6, wire.neighbour];
    const nobody = all.map(() => undefined);
    assert.deepEqual(await answers(), all, 'a host without input rules lets everything in');
    nft(...install);
    assert.deepEqual(await answers(400), nobody);
    for (const address of ['127.0.0.1', '::1', wire.host, wire.host6]) {
      assert.ok(await ask({ address, port: 8080 }), `the host itself, ${address}`);
    }
    nft(...open('tcp dport 80'));
    assert.deepEqual(await answers(400), nobody, 'the container’s port is not the host’s');
    nft(...open('tcp dport { 8080, 8081 }'), ...open('udp dport 5300'));
    assert.deepEqual(await answers(), all);
    nft('flush ruleset');
    await lab.firewall.restore();
    assert.deepEqual(await answers(), all);
    await lab.publisher.unpublish(reservation);
    assert.deepEqual(await answers(400), nobody);
    await lab.firewall.remove();
    assert.equal(execFileSync('nft', ['list', 'ruleset']).toString(), '');
    assert.equal(findLink(lab.socket, lab.handBack?.names.near ?? ''), undefined);
    writeSysctl(['net', 'ipv4', 'conf', 'all', 'rp_filter'], '0');
  });
}

test('with publish-policy host, another address than the accepted one stays outside', async () => {
  await using lab = new BridgeLab('host');
  await lab.firewall.reset([], []);
  const web = lab.addContainer(await lab.addNetwork(1), 2);
  const requests = [port(8080, 'tcp')];
  using reservation = lab.publisher.reserve(requests, { ipv4: true, ipv6: true, defaultAddress: '' });
  await lab.publisher.publish(reservation, web);
  using _server = serve(web.namespacePath, 'tcp', 80);
  nft(
    `table inet host { chain input { type filter hook input priority 0; policy drop; ${established} ip saddr 192.0.2.99 tcp dport 8080 accept; }; }`,
  );
  const question = { from: lab.neighbour, address: wire.host, port: 8080 };
  assert.equal(await ask({ ...question, timeoutMs: 400 }), undefined);
  nft(`add rule inet host input ip saddr ${wire.neighbour} tcp dport 8080 accept`);
  assert.equal(await ask(question), wire.neighbour);
  nft('delete table inet host');
});

function nft(...scripts: readonly string[]): void {
  const input = scripts.join('\n').replaceAll('; ', '\n');
  execFileSync('nft', ['--file', '-'], { input, stdio: ['pipe', 'ignore', 'inherit'] });
}

function port(hostPort: number, protocol: 'tcp' | 'udp'): PortRequest {
  return { protocol, containerPort: 80, hostAddress: '', hostPortFirst: hostPort, hostPortLast: hostPort };
}
