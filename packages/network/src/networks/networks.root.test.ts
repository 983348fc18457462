import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { readSysctl } from '@gantry/kernel';
import { MemoryMetadataStore } from '@gantry/state/testing';
import { NetworkHost } from '../../testing/network-host.ts';
import { attachRequest, endpointOn, networkRequest } from '../../testing/requests.ts';
import type { IpamConfig, NetworkController, NetworkCreateRequest } from '../network-controller.ts';

const host = new NetworkHost();
let controller: NetworkController & AsyncDisposable;

before(async () => {
  controller = await host.open({ ipv6ByDefault: false, foreignForwarding: 'leave' });
});

after(async () => {
  await controller[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

test('a network has a bridge of its own, the next default subnet, and is gone without a trace', async () => {
  const before = ip('-brief', 'link');
  const made = await controller.createNetwork(networkRequest('front', { labels: { tier: 'web' } }));
  assert.match(made.id, /^[0-9a-f]{64}$/);
  assert.deepEqual(made.ipam.config, [{ subnet: '172.18.0.0/16', gateway: '172.18.0.1' }]);
  assert.equal(made.ipv6, false);
  assert.match(ip('address', 'show', `br-${made.id.slice(0, 12)}`), /inet 172\.18\.0\.1\/16/);
  assert.deepEqual(controller.network('front'), made);
  assert.deepEqual(controller.network(made.id.slice(0, 5)), made);
  assert.deepEqual(
    controller.networks().map(({ name }) => name),
    ['bridge', 'host', 'none', 'front'],
  );
  await controller.removeNetwork(made.id);
  assert.equal(ip('-brief', 'link'), before);
  assert.throws(() => controller.network('front'), { message: 'network front not found' });
});

test('a bridge is made as its options say', async () => {
  const made = await controller.createNetwork(
    networkRequest('optioned', {
      internal: true,
      options: {
        'com.docker.network.bridge.name': 'custom0',
        'com.docker.network.driver.mtu': '1400',
        'com.docker.network.bridge.inhibit_ipv4': 'true',
        'com.docker.network.container_iface_prefix': 'net',
        'of.somebody.else': 'kept',
      },
      ipam: ipam({
        subnet: '10.91.0.0/24',
        ipRange: '10.91.0.64/26',
        auxAddresses: { router: '10.91.0.64' },
      }),
    }),
  );
  assert.equal(made.ipam.config[0]?.gateway, '10.91.0.65');
  assert.equal(made.options['of.somebody.else'], 'kept');
  assert.match(ip('link', 'show', 'custom0'), /mtu 1400/);
  assert.doesNotMatch(ip('address', 'show', 'custom0'), /inet /);
  const { namespacePath, endpoints } = await controller.attach(
    attachRequest('web', { endpoints: [endpointOn('optioned')] }),
  );
  assert.equal(endpoints[0]?.interfaceName, 'net0');
  assert.equal(endpoints[0].ipv4?.address, '10.91.0.66');
  assert.equal(endpoints[0].ipv4.gateway, undefined);
  assert.match(inside(namespacePath, 'link', 'show', 'net0'), /mtu 1400/);
  assert.equal(inside(namespacePath, 'route', 'show', 'default'), '');
  await controller.detach('web');
  await controller.removeNetwork('optioned');
});

test('a bridge that was there before is used, and stays', async () => {
  ip('link', 'add', 'theirs0', 'type', 'bridge');
  const options = { 'com.docker.network.bridge.name': 'theirs0' };
  await controller.createNetwork(networkRequest('onTheirs', { options }));
  await assert.rejects(controller.createNetwork(networkRequest('second', { options })), {
    kind: 'forbidden',
    message:
      /^cannot create network \w+ \(theirs0\): conflicts with network \w+ \(theirs0\): networks have same bridge name$/,
  });
  await controller.removeNetwork('onTheirs');
  assert.match(ip('link', 'show', 'theirs0'), /theirs0/);
  ip('link', 'delete', 'theirs0');
});

test('IPv6 comes from the host’s own prefix, which stays, and with it forwarding', async () => {
  const made = await controller.createNetwork(networkRequest('six', { ipv6: true }));
  const [, v6] = made.ipam.config;
  assert.match(v6?.subnet ?? '', /^fd[\da-f]{2}:[\da-f:]+::\/64$/);
  assert.equal(v6?.gateway, v6?.subnet?.replace('/64', '1'));
  assert.equal(readSysctl(['net', 'ipv6', 'conf', 'all', 'forwarding']), '1');
  const given = await controller.createNetwork(
    networkRequest('sixOnly', {
      ipv4: false,
      ipam: ipam({ subnet: '2001:db8:1::/64', gateway: '2001:db8:1::ff' }),
    }),
  );
  assert.deepEqual(given.ipam.config, [{ subnet: '2001:db8:1::/64', gateway: '2001:db8:1::ff' }]);
  const { endpoints } = await controller.attach(attachRequest('web', { endpoints: [endpointOn('sixOnly')] }));
  assert.deepEqual(endpoints[0]?.ipv6, {
    address: '2001:db8:1::1',
    prefixLength: 64,
    gateway: '2001:db8:1::ff',
  });
  assert.equal(endpoints[0].ipv4, undefined);
  await controller.detach('web');
  await using second = await host.open({ foreignForwarding: 'leave' });
  const byDefault = await second.createNetwork(networkRequest('hosts'));
  assert.equal(byDefault.ipv6, true, 'the host has an IPv6 address');
  assert.equal(byDefault.ipam.config[1]?.subnet?.slice(0, 12), v6?.subnet?.slice(0, 12));
  await second.removeNetwork('hosts');
  for (const name of ['six', 'sixOnly']) await controller.removeNetwork(name);
});

test('what cannot be made is refused in Docker’s words', async () => {
  await controller.createNetwork(networkRequest('taken', { ipam: ipam({ subnet: '10.92.0.0/24' }) }));
  const mode = 'com.docker.network.bridge.gateway_mode_ipv4';
  const refused: [Partial<NetworkCreateRequest>, RegExp | string][] = [
    [{ name: 'taken' }, 'network with name taken already exists'],
    [{ name: 'host' }, 'network with name host already exists'],
    [{ name: ' ' }, 'invalid name: name is empty'],
    [{ driver: 'host' }, 'only one instance of "host" network is allowed'],
    [{ driver: 'weave' }, 'plugin "weave" not found'],
    [
      { ipam: ipam({ subnet: '10.92.0.128/25' }) },
      /^invalid pool request: Pool overlaps with other one on this address space$/,
    ],
    [
      { ipam: ipam({ subnet: '10.93.0.1/24' }) },
      'invalid network config:\ninvalid subnet 10.93.0.1/24: it should be 10.93.0.0/24',
    ],
    [
      { ipam: ipam({ subnet: 'x' }) },
      'invalid network config:\ninvalid subnet x: invalid CIDR block notation',
    ],
    [
      { ipam: ipam({ subnet: '10.93.0.0/24', gateway: '10.94.0.1', ipRange: '10.93.0.0/16' }) },
      /^invalid network config:\n\* invalid ip-range 10\.93\.0\.0\/16: CIDR block is bigger than its parent subnet 10\.93\.0\.0\/24\n\* invalid gateway 10\.94\.0\.1: parent subnet 10\.93\.0\.0\/24 doesn't contain this address$/,
    ],
    [
      { ipam: ipam({ subnet: '10.93.0.0/24' }, { subnet: '10.94.0.0/24' }) },
      "bridge driver doesn't support multiple subnets",
    ],
    ...['10.93.0.0', '10.93.0.255'].map((gateway): (typeof refused)[number] => [
      { ipam: ipam({ subnet: '10.93.0.0/24', gateway }) },
      `failed to allocate gateway (${gateway}): Address already in use`,
    ]),
    [{ ipam: { ...ipam(), driver: 'null' } }, 'ipv4 pool is empty'],
    [{ options: { 'com.docker.network.driver.mtu': '-5' } }, 'invalid MTU number: -5'],
    [{ ipv4: false, ipv6: false }, 'IPv4 or IPv6 must be enabled'],
    [{ options: { [mode]: 'isolated' } }, "gateway mode 'isolated' can only be used for an internal network"],
    [{ options: { [mode]: 'x' } }, `failed to parse ${mode} value: x (unknown gateway mode x)`],
    [
      { options: { 'com.docker.network.bridge.enable_icc': 'maybe' } },
      'failed to parse com.docker.network.bridge.enable_icc value: maybe (strconv.ParseBool: parsing "maybe": invalid syntax)',
    ],
    [{ options: { 'com.docker.network.bridge.name': 'wire0' } }, /existing interface wire0 is not a bridge/],
    [{ options: { 'com.docker.network.bridge.name': '../x' } }, /invalid interface name/],
    [{ configOnly: true, internal: true }, /^configuration network can only contain network specific fields/],
    [{ configFrom: 'nothing' }, 'configuration network "nothing" does not exist'],
    [{ configFrom: 'taken' }, 'configuration network "taken" does not exist'],
    [
      { driver: 'ipvlan', options: { parent: 'wire0' } },
      'network x cannot be made: this kernel has no ipvlan interfaces',
    ],
    [{ driver: 'ipvlan', options: { ipvlan_mode: 'l9' } }, /requested ipvlan mode 'l9' is not valid/],
  ];
  const links = ip('-brief', 'link');
  for (const [wish, message] of refused) {
    if (wish.driver === 'ipvlan' && hasIpvlan() && typeof message === 'string') continue;
    await assert.rejects(controller.createNetwork(networkRequest('x', wish)), { message }, String(message));
  }
  assert.equal(ip('-brief', 'link'), links);
  assert.equal(controller.networks().length, 4);
  await controller.removeNetwork('taken');
});

test('a network in use, and one that is always there, cannot be removed', async () => {
  await controller.createNetwork(networkRequest('busy'));
  const { endpoints } = await controller.attach(
    attachRequest('0123456789abcdef', { endpoints: [endpointOn('busy', { dnsNames: ['web', '0123'] })] }),
  );
  await assert.rejects(controller.removeNetwork('busy'), {
    kind: 'forbidden',
    message: `error while removing network: network busy has active endpoints (name:"web" id:"${endpoints[0]?.endpointId.slice(0, 12)}")`,
  });
  await assert.rejects(controller.removeNetwork('bridge'), {
    message: 'bridge is a pre-defined network and cannot be removed',
  });
  await controller.detach('0123456789abcdef');
  await controller.removeNetwork('busy');
});

test('a configuration is a template for networks, and stays while one uses it', async () => {
  await controller.createNetwork(
    networkRequest('template', {
      configOnly: true,
      ipam: ipam({ subnet: '10.95.0.0/24' }),
      labels: { from: 'template' },
    }),
  );
  await assert.rejects(controller.attach(attachRequest('web', { endpoints: [endpointOn('template')] })), {
    message: 'cannot create endpoint on configuration-network',
  });
  const made = await controller.createNetwork(networkRequest('copy', { configFrom: 'template' }));
  assert.equal(made.ipam.config[0]?.subnet, '10.95.0.0/24');
  assert.equal(made.labels['from'], 'template');
  await assert.rejects(controller.removeNetwork('template'), {
    message: 'error while removing network: configuration network "template" is in use',
  });
  await controller.removeNetwork('copy');
  await controller.removeNetwork('template');
});

test('default pools are configured, avoid the host’s routes, and end', async () => {
  ip('route', 'add', '10.200.1.0/24', 'via', '192.0.2.2');
  await using other = await host.open({
    bridge: 'none',
    ipv6ByDefault: false,
    defaultAddressPools: [{ base: '10.200.0.0/22', size: 24 }],
    store: new MemoryMetadataStore(),
    execRoot: `${host.folder}/other`,
  });
  const subnets: (string | undefined)[] = [];
  for (const name of ['one', 'two', 'three']) {
    subnets.push((await other.createNetwork(networkRequest(name))).ipam.config[0]?.subnet);
  }
  assert.deepEqual(subnets, ['10.200.0.0/24', '10.200.2.0/24', '10.200.3.0/24']);
  await assert.rejects(other.createNetwork(networkRequest('four')), {
    message: 'all predefined address pools have been fully subnetted',
  });
  for (const name of ['one', 'two', 'three']) await other.removeNetwork(name);
  ip('route', 'delete', '10.200.1.0/24');
});

test('thirty networks are made and removed at once, and a name only once', async () => {
  const links = ip('-brief', 'link');
  const names = Array.from({ length: 30 }, (_, index) => `n${index}`);
  const config = (index: number): IpamConfig => ({
    subnet: `10.100.${index}.0/24`,
  });
  await Promise.all(
    names.map((name, index) => controller.createNetwork(networkRequest(name, { ipam: ipam(config(index)) }))),
  );
  const again = await Promise.allSettled(names.map((name) => controller.createNetwork(networkRequest(name))));
  assert.ok(again.every(({ status }) => status === 'rejected'));
  await Promise.all(names.map((name) => controller.removeNetwork(name)));
  assert.equal(ip('-brief', 'link'), links);
});

function ipam(...config: IpamConfig[]): NetworkCreateRequest['ipam'] {
  return { driver: 'default', options: {}, config };
}

function ip(...args: string[]): string {
  return execFileSync('ip', args).toString();
}

function inside(namespacePath: string, ...args: string[]): string {
  return execFileSync('nsenter', [`--net=${namespacePath}`, 'ip', ...args]).toString();
}

function hasIpvlan(): boolean {
  try {
    ip('link', 'add', 'probe0', 'link', 'wire0', 'type', 'ipvlan');
  } catch {
    return false;
  }
  ip('link', 'delete', 'probe0');
  return true;
}
