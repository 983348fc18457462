import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { LeakCheck } from '@gantry/testkit';
import { askDns, DnsDatagramClient, questionBytes } from '../../testing/dns-client.ts';
import { addressIn, readName, types } from '../../testing/dns-message.ts';
import { addressRecord, answerTo, DnsServer } from '../../testing/dns-server.ts';
import { NetworkHost, wire } from '../../testing/network-host.ts';
import { attachRequest, endpointOn, networkRequest } from '../../testing/requests.ts';
import type { Attachment, NetworkController } from '../network-controller.ts';

const serverFailure = 2;

test('containers of a network find each other from when they are attached until they are detached', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open({ ipv6ByDefault: true });
  await controller.createNetwork(networkRequest('front'));
  const asker = await join(controller, 'asker', ['front']);
  await controller.detach((await join(controller, 'warm', ['front'])).containerId);
  await using _leaks = await LeakCheck.begin({ tag: host.folder, directories: [host.folder] });
  const web = await join(controller, 'web', ['front'], ['web', 'www']);
  const [{ ipv4, ipv6 } = {}] = web.endpoints;
  for (const name of ['web', 'www', 'web.front']) {
    assert.deepEqual(await addresses(asker, name), [ipv4?.address]);
    assert.equal((await addresses(asker, name, types.AAAA)).length, ipv6 === undefined ? 0 : 1);
  }
  assert.notEqual(ipv6, undefined);
  const pointer = `${ipv4?.address.split('.').reverse().join('.')}.in-addr.arpa`;
  assert.equal(await reverse(asker, pointer), 'web.front');
  controller.rename('web', () => ['site']);
  assert.deepEqual(await addresses(asker, 'site'), [ipv4?.address]);
  assert.equal(await reverse(asker, pointer), 'site.front');
  assert.deepEqual(await addresses(asker, 'web'), []);
  await controller.detach('web');
  assert.deepEqual(await addresses(asker, 'site'), []);
});

test('names follow connecting and disconnecting, links are for one alone, and the default bridge has none', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open();
  for (const name of ['front', 'back']) await controller.createNetwork(networkRequest(name));
  const front = await join(controller, 'one', ['front']);
  const back = await join(controller, 'two', ['back']);
  assert.deepEqual([await addresses(front, 'two'), await addresses(back, 'one')], [[], []]);
  const links = new Map([['db', 'two']]);
  const joined = await controller.connect('one', endpointOn('back', { dnsNames: ['uno'], links }));
  const own = joined.endpoints.map(({ ipv4 }) => ipv4?.address);
  assert.deepEqual(await addresses(back, 'uno'), [
    own[joined.endpoints.findIndex(({ networkName }) => networkName === 'back')],
  ]);
  assert.deepEqual(await addresses(front, 'db'), [back.endpoints[0]?.ipv4?.address]);
  assert.deepEqual(await addresses(back, 'db'), []);
  await controller.disconnect('one', 'back');
  assert.deepEqual([await addresses(front, 'two'), await addresses(back, 'uno')], [[], []]);
  const plain = await join(controller, 'plain', ['bridge']);
  assert.equal(plain.resolver, undefined);
  const moved = await controller.connect('plain', endpointOn('front', { dnsNames: ['plain'] }));
  assert.equal(moved.resolver?.nameserver, '127.0.0.11');
  assert.equal((await addresses(front, 'plain')).length, 1);
  await join(controller, 'other', ['bridge']);
  assert.deepEqual(await addresses(moved, 'other'), []);
  assert.equal((await controller.disconnect('plain', 'front')).resolver, undefined);
});

test("what is no name of ours is asked of the host's servers, or of those that were given, and nowhere from an internal network", async () => {
  await using host = new NetworkHost();
  const resolvConf = path.join(host.folder, 'resolv.conf');
  writeFileSync(resolvConf, 'search example.test\nnameserver 127.0.0.53\n');
  using _ours = answering({ address: '127.0.0.53' }, '198.51.100.1');
  using _given = answering({ address: wire.neighbour, namespacePath: host.neighbour }, '198.51.100.2');
  await using controller = await host.open({ resolvConf });
  await controller.createNetwork(networkRequest('front'));
  await controller.createNetwork(networkRequest('closed', { internal: true }));
  const outside = await join(controller, 'outside', ['front']);
  assert.deepEqual(outside.resolver, { nameserver: '127.0.0.11', upstream: ['127.0.0.53'] });
  assert.deepEqual(await addresses(outside, 'example.com'), ['198.51.100.1']);
  const dns = { servers: [wire.neighbour] };
  const given = await controller.attach(attachRequest('given', { endpoints: [endpointOn('front')], dns }));
  assert.deepEqual(await addresses(given, 'example.com'), ['198.51.100.2']);
  const closed = await join(controller, 'closed', ['closed']);
  const alsoClosed = await controller.attach(
    attachRequest('closed2', { endpoints: [endpointOn('closed')], dns }),
  );
  for (const { namespacePath: from } of [closed, alsoClosed]) {
    const { code, answers } = await askDns({ from, name: 'secret.attacker.test' });
    assert.deepEqual([code, answers], [serverFailure, []]);
  }
  assert.deepEqual(await addresses(alsoClosed, 'closed'), [closed.endpoints[0]?.ipv4?.address]);
  await controller.connect('closed', endpointOn('front'));
  assert.deepEqual(await addresses(closed, 'example.com'), ['198.51.100.1']);
  await controller.disconnect('closed', 'front');
  assert.deepEqual(await addresses(closed, 'example.com'), []);
  await controller.disconnect('closed', 'closed');
  using client = new DnsDatagramClient(closed.namespacePath);
  const refused = client.nextRefusal();
  client.send(questionBytes({ name: 'secret.attacker.test' }));
  await refused;
});

test('a container that leaves its last network of users has no rules for questions any more, whoever made them', async () => {
  await using host = new NetworkHost();
  const first = await host.open();
  await first.createNetwork(networkRequest('front'));
  const [now, later] = [await join(first, 'now', ['front']), await join(first, 'later', ['front'])];
  assert.match(rulesIn(now), /table ip gantry_dns/);
  await first.disconnect('now', 'front');
  assert.equal(rulesIn(now), '');
  await first[Symbol.asyncDispose]();
  assert.match(rulesIn(later), /table ip gantry_dns/);
  await using second = await host.open();
  await second.disconnect('later', 'front');
  assert.equal(rulesIn(later), '');
  await second.restore(new Set());
});

test('an engine that comes back answers by what it had promised', async () => {
  await using host = new NetworkHost();
  const first = await host.open();
  await first.createNetwork(networkRequest('front'));
  const asker = await join(first, 'asker', ['front']);
  const web = await join(first, 'web', ['front']);
  await join(first, 'gone', ['front']);
  await first[Symbol.asyncDispose]();
  await using second = await host.open();
  await second.restore(new Set(['asker', 'web']));
  assert.deepEqual(await addresses(asker, 'web'), [web.endpoints[0]?.ipv4?.address]);
  assert.deepEqual(await addresses(asker, 'gone'), []);
  assert.equal(second.attachment('web')?.resolver?.nameserver, '127.0.0.11');
  await second.restore(new Set());
});

function join(
  controller: NetworkController,
  containerId: string,
  networks: readonly string[],
  dnsNames: readonly string[] = [containerId],
): Promise<Attachment> {
  const endpoints = networks.map((network) => endpointOn(network, { dnsNames }));
  return controller.attach(attachRequest(containerId, { endpoints }));
}

function rulesIn({ namespacePath }: Attachment): string {
  return execFileSync('nsenter', [`--net=${namespacePath}`, 'nft', 'list', 'ruleset']).toString();
}

async function addresses(
  { namespacePath: from }: Attachment,
  name: string,
  type: number = types.A,
): Promise<string[]> {
  return (await askDns({ from, name, type })).answers.map(addressIn);
}

async function reverse({ namespacePath: from }: Attachment, name: string): Promise<string | undefined> {
  const [answer] = (await askDns({ from, name, type: types.PTR })).answers;
  return answer && readName(answer.data, 0).name;
}

function answering(place: { address: string; namespacePath?: string }, address: string): DnsServer {
  return new DnsServer(place, ({ query, name, reply }) =>
    reply(answerTo(query, { answers: [addressRecord(name, address)] })),
  );
}
