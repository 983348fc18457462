import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { isNamespacePinned } from '@gantry/kernel';
import { NetworkHost } from '../../../testing/network-host.ts';
import { ask, serve } from '../../../testing/network-probe.ts';
import { attachRequest, endpointOn, networkRequest } from '../../../testing/requests.ts';
import type { Attachment, NetworkController, NetworkCreateRequest } from '../../network-controller.ts';

/** The wire of the test's host, on which a neighbour is. */
const onWire: Partial<NetworkCreateRequest> = {
  driver: 'macvlan',
  ipv6: false,
  options: { parent: 'wire0' },
  ipam: {
    driver: 'default',
    options: {},
    config: [{ subnet: '192.0.2.0/24', gateway: '192.0.2.2', ipRange: '192.0.2.64/27' }],
  },
};

test('containers are on the wire of a host’s link, with addresses of their own, over restarts of the engine', async () => {
  await using host = new NetworkHost();
  const first = await host.open();
  await first.createNetwork(networkRequest('lan', onWire));
  const one = await attach(first, 'one', 'lan');
  const { ipv4, macAddress } = one.endpoints[0] ?? {};
  assert.deepEqual(ipv4, { address: '192.0.2.64', prefixLength: 24, gateway: '192.0.2.2' });
  assert.equal(macAddress, '02:42:c0:00:02:40');
  using _server = serve(one.namespacePath, 'tcp', 80);
  assert.equal(await ask({ from: host.neighbour, address: '192.0.2.64', port: 80 }), '192.0.2.2');
  assert.deepEqual(Object.keys(first.traffic().get('one') ?? {}), ['eth0']);
  await first[Symbol.asyncDispose]();

  execFileSync('nsenter', [`--net=${one.namespacePath}`, 'ip', 'link', 'delete', 'eth0']);
  await using second = await host.open();
  await second.restore(new Set(['one']));
  assert.deepEqual(second.attachment('one'), one);
  assert.equal(await ask({ from: host.neighbour, address: '192.0.2.64', port: 80 }), '192.0.2.2');
  await second.disconnect('one', 'lan');
  assert.ok(isNamespacePinned(one.namespacePath));
  assert.equal(
    await ask({ from: host.neighbour, address: '192.0.2.64', port: 80, timeoutMs: 300 }),
    undefined,
  );
  await second.detach('one');
  await second.removeNetwork('lan');
  assert.match(execFileSync('ip', ['link', 'show', 'wire0']).toString(), /wire0/);
});

test('without a parent the containers have a wire of their own, and a mode is as asked', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open();
  const links = execFileSync('ip', ['-brief', 'link']).toString();
  await controller.createNetwork(networkRequest('own', { driver: 'macvlan', ipv6: true }));
  const [one, other] = [await attach(controller, 'one', 'own'), await attach(controller, 'other', 'own')];
  using _server = serve(one.namespacePath, 'tcp', 80);
  const [from, to] = [other.endpoints[0], one.endpoints[0]];
  assert.equal(
    await ask({ from: other.namespacePath, address: to?.ipv4?.address ?? '', port: 80 }),
    from?.ipv4?.address,
  );
  assert.equal(
    await ask({ from: other.namespacePath, address: to?.ipv6?.address ?? '', port: 80 }),
    from?.ipv6?.address,
  );
  for (const containerId of ['one', 'other']) await controller.detach(containerId);
  await controller.removeNetwork('own');
  assert.equal(execFileSync('ip', ['-brief', 'link']).toString(), links);
  const refused: [Record<string, string>, RegExp][] = [
    [{ macvlan_mode: 'x' }, /^requested macvlan mode 'x' is not valid/],
    [{ parent: 'nothing0' }, /^invalid subinterface vlan name nothing0, example formatting is eth0\.10$/],
    [{ parent: 'nothing0.10' }, /^failed to find master interface nothing0 on the Docker host$/],
    [{ parent: 'wire0.5000' }, /^vlan id must be between 1-4094, received: 5000$/],
    [{ parent: 'lo' }, /loopback interface is not a valid parent link/],
  ];
  for (const [options, message] of refused) {
    await assert.rejects(controller.createNetwork(networkRequest('x', { driver: 'macvlan', options })), {
      message,
    });
  }
});

async function attach(
  controller: NetworkController,
  containerId: string,
  network: string,
): Promise<Attachment> {
  return controller.attach(attachRequest(containerId, { endpoints: [endpointOn(network)] }));
}
