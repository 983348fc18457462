import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  connectNetwork,
  createNetwork,
  disconnectNetwork,
  inspectContainer,
  inspectNetwork,
  listNetworks,
  removeNetwork,
} from '@gantry/client';
import { execOutput } from '../support/exec-output.ts';
import { killAtEveryPoint } from '../support/fault-walk.ts';
import { WalkedContainers } from '../support/walked-containers.ts';

const network = 'walk';
let walked: WalkedContainers;
/** The running container that is connected and disconnected again and again. */
let box: string;
before(async () => {
  walked = await WalkedContainers.start();
  box = await walked.run();
});
after(() => walked[Symbol.asyncDispose]());

const exists = async (): Promise<boolean> =>
  (await listNetworks(walked.daemon.api)).some(({ Name }) => Name === network);

async function ensureNetwork(): Promise<void> {
  if (!(await exists())) await createNetwork(walked.daemon.api, { Name: network });
}

/** The networks that a container is shown on are those that it has interfaces for. */
async function networksOfBox(): Promise<string[]> {
  const { NetworkSettings: settings } = await inspectContainer(walked.daemon.api, box);
  const shown = Object.entries(settings?.Networks ?? {});
  const links = await execOutput(walked.daemon.api, box, 'ip', '-4', '-o', 'addr');
  for (const [name, { IPAddress: address = '' }] of shown) {
    assert.match(links, new RegExp(`eth\\d +inet ${address}/`), name);
  }
  assert.equal([...links.matchAll(/ eth\d /g)].length, shown.length, links);
  return shown.map(([name]) => name);
}

/** With the default route, so that the published port moves. */
const connect = (): Promise<void> =>
  connectNetwork(walked.daemon.api, network, { Container: box, EndpointConfig: { GwPriority: 5 } });

const disconnect = (): Promise<void> => disconnectNetwork(walked.daemon.api, network, { Container: box });

test('an engine killed at any step of a network’s creation has made it whole, or not at all', () =>
  killAtEveryPoint(walked.daemon, {
    covers: ['network-create'],
    prepare: async () => {},
    operate: async () => {
      await createNetwork(walked.daemon.api, { Name: network });
    },
    verify: async (_subject, acknowledged) => {
      if (acknowledged) assert.ok(await exists());
      await ensureNetwork();
      await removeNetwork(walked.daemon.api, network);
    },
  }));

test('an engine killed at any step of a network’s removal has removed it, or removes it when asked again', () =>
  killAtEveryPoint(walked.daemon, {
    covers: ['network-remove'],
    prepare: ensureNetwork,
    operate: () => removeNetwork(walked.daemon.api, network),
    verify: async (_subject, acknowledged) => {
      if (acknowledged) assert.ok(!(await exists()));
      if (await exists()) await removeNetwork(walked.daemon.api, network);
    },
  }));

test('an engine killed at any step of a connection has the container on the network, or not at all', () =>
  killAtEveryPoint(walked.daemon, {
    covers: ['connect', 'network-connect'],
    prepare: ensureNetwork,
    operate: connect,
    verify: async (_subject, acknowledged) => {
      const networks = await networksOfBox();
      if (acknowledged) assert.deepEqual(networks, ['bridge', network]);
      if (networks.length > 1) await disconnect();
      assert.deepEqual(await networksOfBox(), ['bridge']);
      const { Containers: containers } = await inspectNetwork(walked.daemon.api, network);
      assert.deepEqual(containers, {});
    },
  }));

test('an engine killed at any step of a disconnection has the container off the network, or on it', () =>
  killAtEveryPoint(walked.daemon, {
    covers: ['disconnect', 'network-disconnect'],
    prepare: async () => {
      await ensureNetwork();
      if ((await networksOfBox()).length === 1) await connect();
    },
    operate: disconnect,
    verify: async (_subject, acknowledged) => {
      const networks = await networksOfBox();
      if (acknowledged) assert.deepEqual(networks, ['bridge']);
      if (networks.length === 1) await connect();
      assert.deepEqual(await networksOfBox(), ['bridge', network]);
    },
  }));

test('what the walks made can be used and removed', async () => {
  await walked.assertUsable(box);
  await removeNetwork(walked.daemon.api, network);
  assert.ok(!(await exists()));
});
