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
import { killAtEveryPoint } from '../support/fault-walk.ts';
import { WalkedContainers } from '../support/walked-containers.ts';

const network = 'walk';
let walked: WalkedContainers;
before(async () => {
  walked = await WalkedContainers.start();
});
after(() => walked[Symbol.asyncDispose]());

const exists = async (): Promise<boolean> =>
  (await listNetworks(walked.daemon.api)).some(({ Name }) => Name === network);

async function ensureNetwork(): Promise<void> {
  if (!(await exists())) await createNetwork(walked.daemon.api, { Name: network });
}

/** The networks that a container is shown on are those that it has interfaces for. */
async function networksOf(id: string): Promise<string[]> {
  const { NetworkSettings: settings } = await inspectContainer(walked.daemon.api, id);
  const shown = Object.entries(settings?.Networks ?? {});
  const links = await walked.daemon.ok('exec', id, 'ip', '-4', '-o', 'addr');
  for (const [name, { IPAddress: address = '' }] of shown) {
    assert.match(links, new RegExp(`eth\\d +inet ${address}/`), name);
  }
  assert.equal([...links.matchAll(/ eth\d /g)].length, shown.length, links);
  return shown.map(([name]) => name);
}

/** With the default route, so that the published port moves. */
const connect = (id: string): Promise<void> =>
  connectNetwork(walked.daemon.api, network, { Container: id, EndpointConfig: { GwPriority: 5 } });

const disconnect = (id: string): Promise<void> =>
  disconnectNetwork(walked.daemon.api, network, { Container: id });

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
    prepare: async () => {
      await ensureNetwork();
      return await walked.run();
    },
    operate: connect,
    verify: async (id, acknowledged) => {
      const networks = await networksOf(id);
      if (acknowledged) assert.deepEqual(networks, ['bridge', network]);
      if (networks.length > 1) await disconnect(id);
      assert.deepEqual(await networksOf(id), ['bridge']);
      await walked.assertUsable(id);
      const { Containers: containers } = await inspectNetwork(walked.daemon.api, network);
      assert.deepEqual(containers, {});
    },
  }));

test('an engine killed at any step of a disconnection has the container off the network, or on it', () =>
  killAtEveryPoint(walked.daemon, {
    covers: ['disconnect', 'network-disconnect'],
    prepare: async () => {
      await ensureNetwork();
      const id = await walked.run();
      await connect(id);
      return id;
    },
    operate: disconnect,
    verify: async (id, acknowledged) => {
      const networks = await networksOf(id);
      if (acknowledged) assert.deepEqual(networks, ['bridge']);
      if (networks.length === 1) await connect(id);
      assert.deepEqual(await networksOf(id), ['bridge', network]);
      await walked.assertUsable(id);
    },
  }));

test('what the walks made can be removed', async () => {
  await removeNetwork(walked.daemon.api, network);
  assert.ok(!(await exists()));
});
