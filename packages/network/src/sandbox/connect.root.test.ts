import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { LeakCheck } from '@gantry/testkit';
import { askDns } from '../../testing/dns-client.ts';
import { NetworkHost, wire } from '../../testing/network-host.ts';
import { ask, serve } from '../../testing/network-probe.ts';
import { attachRequest, endpointOn, networkRequest } from '../../testing/requests.ts';
import type { Attachment, EndpointRequest, NetworkController, PortRequest } from '../network-controller.ts';

const host = new NetworkHost();
let controller: NetworkController & AsyncDisposable;
const web: PortRequest = {
  protocol: 'tcp',
  containerPort: 80,
  hostAddress: '0.0.0.0',
  hostPortFirst: 8080,
  hostPortLast: 8080,
};

before(async () => {
  controller = await host.open({ ipv6ByDefault: false, foreignForwarding: 'leave' });
  const subnets = { front: '10.81.0.0/24', back: '10.82.0.0/24', closed: '10.83.0.0/24' };
  for (const [name, subnet] of Object.entries(subnets)) {
    const ipam = { driver: 'default', options: {}, config: [{ subnet }] };
    await controller.createNetwork(networkRequest(name, { ipam, internal: name === 'closed' }));
  }
  await controller.createNetwork(networkRequest('dual', { ipv6: true }));
});

after(async () => {
  for (const name of ['front', 'back', 'closed', 'dual']) await controller.removeNetwork(name);
  await controller[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

test('a container is on several networks: one default route, by priority, and published where it goes', async () => {
  const attachment = await attach('one', endpointOn('back'), endpointOn('front', { gatewayPriority: 1 }));
  assert.deepEqual(
    attachment.endpoints.map(({ networkName, interfaceName }) => `${networkName} ${interfaceName}`),
    ['front eth1', 'back eth0'],
  );
  assert.deepEqual(attachment.resolver?.nameserver, '127.0.0.11');
  assert.match(inside(attachment, 'route'), /^default via 10\.81\.0\.1 dev eth1/);
  assert.equal(inside(attachment, 'route').match(/^default/gm)?.length, 1);
  using _server = serve(attachment.namespacePath, 'tcp', 80);
  assert.equal(await ask({ from: host.neighbour, address: wire.host, port: 8080 }), wire.neighbour);

  const off = await controller.disconnect('one', 'front');
  assert.deepEqual(names(off), ['back']);
  assert.match(inside(off, 'route'), /^default via 10\.82\.0\.1 dev eth0/);
  assert.doesNotMatch(inside(off, 'link'), /eth1/);
  assert.equal(await ask({ from: host.neighbour, address: wire.host, port: 8080 }), wire.neighbour);

  const closed = await controller.connect('one', endpointOn('closed', { gatewayPriority: 9 }));
  assert.match(inside(closed, 'route'), /^default via 10\.82\.0\.1 dev eth0/);
  await controller.disconnect('one', 'back');
  assert.doesNotMatch(inside(closed, 'route'), /default/);
  assert.deepEqual(controller.attachment('one')?.ports, []);
  assert.equal(await ask({ address: '127.0.0.1', port: 8080, timeoutMs: 300 }), undefined);

  const again = await controller.connect('one', endpointOn('bridge'));
  assert.equal(again.ports.length, 1);
  assert.equal(await ask({ from: host.neighbour, address: wire.host, port: 8080 }), wire.neighbour);
  assert.deepEqual(controller.check(), []);
  await controller.detach('one');
});

test('an endpoint is as it was asked for: addresses, MAC, name and settings of the interface', async () => {
  const attachment = await attach('static');
  assert.deepEqual(attachment.endpoints, []);
  const { endpoints } = await controller.connect(
    'static',
    endpointOn('front', {
      ipv4Address: '10.81.0.77',
      macAddress: '02:00:00:AA:bb:01',
      linkLocalAddresses: ['169.254.7.7'],
      driverOptions: {
        'com.docker.network.endpoint.ifname': 'lan0',
        'com.docker.network.endpoint.sysctls':
          'net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.conf.IFNAME.forwarding=0',
      },
    }),
  );
  assert.equal(endpoints[0]?.ipv4?.address, '10.81.0.77');
  const shown = inside(attachment, 'address', 'show', 'lan0');
  assert.match(shown, /link\/ether 02:00:00:aa:bb:01[^]*inet 10\.81\.0\.77\/24[^]*inet 169\.254\.7\.7\/16/);
  const setting = ['cat', '/proc/sys/net/ipv4/conf/lan0/log_martians'];
  assert.equal(execFileSync('nsenter', [`--net=${attachment.namespacePath}`, ...setting]).toString(), '1\n');
  const other = await attach('other');
  const refused: [EndpointRequest, object][] = [
    [
      endpointOn('front', { ipv4Address: '10.81.0.77' }),
      { message: 'Address already in use', kind: 'forbidden' },
    ],
    [
      endpointOn('front', { ipv4Address: '10.99.0.1' }),
      {
        message:
          'invalid endpoint settings:\nno configured subnet or ip-range contain the IP address 10.99.0.1',
      },
    ],
    [
      endpointOn('dual', { ipv4Address: '10.99.0.1' }),
      {
        message:
          'invalid endpoint settings:\nuser specified IP address is supported only when connecting to networks with user configured subnets',
      },
    ],
    [
      endpointOn('front', {
        driverOptions: { 'com.docker.network.endpoint.sysctls': 'net.core.somaxconn=1' },
      }),
      { message: /unrecognised network interface sysctl 'net\.core\.somaxconn=1'/ },
    ],
    [endpointOn('nowhere'), { message: 'network nowhere not found' }],
    [endpointOn('host'), { code: 'network-not-attachable' }],
  ];
  for (const [wish, error] of refused) await assert.rejects(controller.connect('other', wish), error);
  await assert.rejects(controller.connect('static', endpointOn('front', { dnsNames: ['web'] })), {
    message: 'endpoint with name web already exists in network front',
  });
  await assert.rejects(controller.disconnect('other', 'front'), {
    message: 'container other is not connected to network front',
  });
  await assert.rejects(controller.connect('nobody', endpointOn('front')), { code: 'not-attached' });
  assert.deepEqual(controller.attachment('other'), other);
  for (const containerId of ['static', 'other']) await controller.detach(containerId);
});

test('containers of one network find each other by name, those of others do not, and IPv6 works at once', async () => {
  const server = await attach('server', endpointOn('dual', { dnsNames: ['db', 'alias'] }));
  const client = await attach('client', endpointOn('dual'), endpointOn('closed'));
  const stranger = await attach('stranger', endpointOn('front'));
  const [endpoint] = server.endpoints;
  assert.ok(endpoint?.ipv4 && endpoint.ipv6);
  const { address } = endpoint.ipv6;
  const found = await askDns({ from: client.namespacePath, name: 'alias' });
  assert.equal(found.answers.length, 1);
  using _server = serve(server.namespacePath, 'tcp', 80);
  const clientOnDual = client.endpoints.find(({ networkName }) => networkName === 'dual');
  assert.equal(await ask({ from: client.namespacePath, address, port: 80 }), clientOnDual?.ipv6?.address);
  assert.equal(
    await ask({ from: stranger.namespacePath, address: endpoint.ipv4.address, port: 80, timeoutMs: 300 }),
    undefined,
  );
  controller.rename('server', () => ['renamed']);
  assert.equal((await askDns({ from: client.namespacePath, name: 'renamed' })).answers.length, 1);
  for (const containerId of ['server', 'client', 'stranger']) await controller.detach(containerId);
});

test('five hundred connects and disconnects at once, and removals in between, leave what was there', async () => {
  const containerIds = Array.from({ length: 10 }, (_, index) => `c${index}`);
  await Promise.all(containerIds.map((containerId) => attach(containerId)));
  await using _leaks = await LeakCheck.begin({ tag: host.folder, directories: [host.folder] });
  const addresses = new Set<string>();
  const round = async (containerId: string, network: string): Promise<void> => {
    const { endpoints } = await controller.connect(containerId, endpointOn(network));
    const joined = endpoints.find(({ networkName }) => networkName === network);
    const text = `${network} ${joined?.ipv4?.address}`;
    assert.ok(!addresses.has(text), text);
    addresses.add(text);
    await assert.rejects(controller.removeNetwork(network), { code: 'network-in-use' });
    addresses.delete(text);
    await controller.disconnect(containerId, network);
  };
  const work = Array.from({ length: 25 }, () => containerIds).flat();
  await Promise.all(work.map((containerId, index) => rounds(containerId, index)));
  assert.deepEqual(controller.check(), []);
  for (const name of ['front', 'back']) assert.deepEqual(controller.network(name).endpoints, []);
  await Promise.all(containerIds.map((containerId) => controller.detach(containerId)));

  /** Several at once of one container: what is refused was on the way already. */
  async function rounds(containerId: string, index: number): Promise<void> {
    const network = index % 2 === 0 ? 'front' : 'back';
    await round(containerId, network).catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'endpoint-exists' && code !== 'not-connected') throw error;
    });
  }
});

async function attach(containerId: string, ...endpoints: EndpointRequest[]): Promise<Attachment> {
  const ports = endpoints.length > 1 && containerId === 'one' ? [web] : [];
  return controller.attach(attachRequest(containerId, { endpoints, ports }));
}

function names({ endpoints }: Attachment): string[] {
  return endpoints.map(({ networkName }) => networkName);
}

function inside({ namespacePath }: Pick<Attachment, 'namespacePath'>, ...args: string[]): string {
  return execFileSync('nsenter', [`--net=${namespacePath}`, 'ip', ...args]).toString();
}
