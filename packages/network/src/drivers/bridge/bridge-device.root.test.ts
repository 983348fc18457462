import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { readSysctl } from '@gantry/kernel';
import { MemoryMetadataStore } from '@gantry/state/testing';
import { NetworkHost } from '../../../testing/network-host.ts';
import { attachToBridge } from '../../../testing/requests.ts';

test('the bridge is up, has its address, and lets packets of 127/8 and between interfaces through', async () => {
  await using host = new NetworkHost();
  await using _controller = await host.open();
  assert.match(ip('address', 'show', 'test0'), /inet 172\.17\.0\.1\/16 brd 172\.17\.255\.255/);
  assert.doesNotMatch(ip('address', 'show', 'test0'), /inet6/);
  assert.match(ip('link', 'show', 'test0'), /,UP[,>][^]*link\/ether 02:42:/);
  assert.equal(readSysctl(['net', 'ipv4', 'ip_forward']), '1');
  assert.equal(readSysctl(['net', 'ipv4', 'conf', 'test0', 'route_localnet']), '1');
});

test('a subnet that the host routes elsewhere is not chosen, and the choice stays', async () => {
  await using host = new NetworkHost();
  ip('route', 'add', '172.17.128.0/24', 'via', '192.0.2.2');
  const first = await host.open();
  assert.equal(first.network('bridge').ipam.config[0]?.subnet, '172.18.0.0/16');
  await first[Symbol.asyncDispose]();
  ip('route', 'del', '172.17.128.0/24');
  ip('route', 'add', '172.18.1.0/24', 'via', '192.0.2.2');
  await using second = await host.open();
  assert.equal(second.network('bridge').ipam.config[0]?.subnet, '172.18.0.0/16');
});

test('a choice that the host routes elsewhere since is made anew when the bridge is gone', async () => {
  await using host = new NetworkHost();
  const first = await host.open();
  await first[Symbol.asyncDispose]();
  ip('link', 'delete', 'test0');
  ip('route', 'add', '172.17.0.0/16', 'via', '192.0.2.2');
  await using second = await host.open();
  assert.equal(second.network('bridge').ipam.config[0]?.subnet, '172.18.0.0/16');
});

test('a bridge that is there keeps its address, or gets the one that is configured', async () => {
  await using host = new NetworkHost();
  ip('link', 'add', 'test0', 'type', 'bridge');
  ip('address', 'add', '10.60.0.1/24', 'dev', 'test0');
  const store = new MemoryMetadataStore();
  const first = await host.open({ store });
  assert.equal(first.network('bridge').ipam.config[0]?.gateway, '10.60.0.1');
  await first[Symbol.asyncDispose]();
  await using second = await host.open({ store, bip: '10.61.0.9/24' });
  assert.equal(second.network('bridge').ipam.config[0]?.gateway, '10.61.0.9');
  assert.match(ip('-4', 'address', 'show', 'test0'), /inet 10\.61\.0\.9\/24/);
  assert.doesNotMatch(ip('-4', 'address', 'show', 'test0'), /10\.60/);
});

test('the address does not change under running containers', async () => {
  await using host = new NetworkHost();
  const first = await host.open();
  await attachToBridge(first, 'web');
  await first[Symbol.asyncDispose]();
  await assert.rejects(host.open({ bip: '10.61.0.1/24' }), {
    code: 'bridge-configuration',
    message:
      'bridge test0: its address cannot become 10.61.0.1/24 while 1 running containers use 172.17.0.1/16',
  });
  await using second = await host.open();
  await second.restore(new Set());
});

test('what cannot be a bridge or its address is refused', async () => {
  await using host = new NetworkHost();
  const refused: [Parameters<NetworkHost['open']>[0], RegExp][] = [
    [{ bip: '172.17.0.0/16' }, /172\.17\.0\.0\/16 is not an address of a host in 172\.17\.0\.0\/16/],
    [{ bip: '172.17.255.255/16' }, /is not an address of a host/],
    [{ bip: '172.17.0.1' }, /invalid bridge address 172\.17\.0\.1/],
    [{ bip: '172.17.0.1/30' }, /invalid bridge address/],
    [{ bip: 'fd00::1/64' }, /invalid bridge address/],
    [{ bridge: 'wire0' }, /bridge wire0: existing interface wire0 is not a bridge but a veth/],
    [{ bridge: '../x' }, /invalid interface name/],
    [{ bridge: 'a-name-that-is-too-long' }, /invalid interface name/],
    [{ nftTable: 'x; flush ruleset' }, /invalid nft table name/],
  ];
  for (const [options, message] of refused) {
    await assert.rejects(host.open(options), { code: 'bridge-configuration', message });
  }
});

function ip(...args: string[]): string {
  return execFileSync('ip', args).toString();
}
