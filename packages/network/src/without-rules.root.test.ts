import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { NetworkHost, wire } from '../testing/network-host.ts';
import { ask, serve } from '../testing/network-probe.ts';
import { attachToBridge, networkRequest } from '../testing/requests.ts';
import type { PortRequest } from './network-controller.ts';

const port = (hostPort: number, protocol: PortRequest['protocol'] = 'tcp'): PortRequest => ({
  protocol,
  containerPort: 80,
  hostAddress: '',
  hostPortFirst: hostPort,
  hostPortLast: hostPort,
});

test('without rules there is no table, published ports are relayed, and what needs rules is refused', async () => {
  await using host = new NetworkHost();
  await using controller = await host.open({ packetFilter: 'none' });
  const web = await attachToBridge(controller, 'web', [port(8080), port(8053, 'udp')]);
  assert.doesNotMatch(tables(), /gantry/);
  using _tcp = serve(web.namespacePath, 'tcp', 80);
  using _udp = serve(web.namespacePath, 'udp', 80);
  const asked = { from: host.neighbour, address: wire.host };
  assert.equal(await ask({ ...asked, port: 8080 }), '172.17.0.1');
  assert.equal(await ask({ ...asked, protocol: 'udp', port: 8053 }), '172.17.0.1');
  assert.equal(await ask({ address: '127.0.0.1', port: 8080 }), '172.17.0.1');
  await assert.rejects(attachToBridge(controller, 'calls', [port(8081, 'sctp')]), /SCTP cannot be relayed/);
  const options = { 'com.docker.network.bridge.enable_icc': 'false' };
  await assert.rejects(
    controller.createNetwork(networkRequest('apart', { options })),
    /enable_icc=false needs rules for packets/,
  );
  await controller.detach('web');
  assert.equal(await ask({ ...asked, port: 8080, timeoutMs: 500 }), undefined);
  await controller.restore(new Set());
});

test('an engine without rules takes those of an earlier one away, relays its ports, and the next writes them again', async () => {
  await using host = new NetworkHost();
  const asked = { from: host.neighbour, address: wire.host, port: 8080 };
  let namespacePath = '';
  {
    await using controller = await host.open();
    ({ namespacePath } = await attachToBridge(controller, 'web', [port(8080)]));
    assert.match(tables(), /gantry/);
  }
  using _server = serve(namespacePath, 'tcp', 80);
  {
    await using controller = await host.open({ packetFilter: 'none' });
    await controller.restore(new Set(['web']));
    assert.doesNotMatch(tables(), /gantry/);
    assert.equal(await ask(asked), '172.17.0.1');
  }
  await using controller = await host.open();
  await controller.restore(new Set(['web']));
  assert.equal(await ask(asked), wire.neighbour);
  await controller.restore(new Set());
});

function tables(): string {
  return execFileSync('nft', ['list', 'tables']).toString();
}
