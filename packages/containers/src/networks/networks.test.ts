import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { ContainerCreateRequest, EndpointSettings, NetworkSettings } from '@gantry/api-types';
import { errorKind } from '@gantry/base';
import { networkRequest } from '@gantry/network/testing';
import { ContainerFixture } from '../../testing/index.ts';

async function openWith(...networks: string[]): Promise<ContainerFixture> {
  const fixture = await ContainerFixture.open();
  for (const name of networks) await fixture.network.createNetwork(networkRequest(name));
  return fixture;
}

async function settingsOf(fixture: ContainerFixture, id: string): Promise<NetworkSettings> {
  return (await fixture.service.inspect(id, { size: false })).NetworkSettings ?? {};
}

async function networksOf(fixture: ContainerFixture, id: string): Promise<Record<string, EndpointSettings>> {
  return (await settingsOf(fixture, id)).Networks ?? {};
}

function hostsOf(fixture: ContainerFixture, id: string): string[] {
  const text = readFileSync(path.join(fixture.root, 'containers', id, 'hosts'), 'utf8');
  return text.trimEnd().split('\n');
}

function on(endpoints: Record<string, EndpointSettings>, mode = ''): ContainerCreateRequest {
  const [first = ''] = Object.keys(endpoints);
  return {
    HostConfig: { NetworkMode: mode === '' ? first : mode },
    NetworkingConfig: { EndpointsConfig: endpoints },
  };
}

test('a container joins every network of its endpoints, with names, addresses and priorities', async () => {
  await using fixture = await openWith('front', 'back');
  const id = await fixture.create(
    'sleep',
    on({
      front: { Aliases: ['web'], MacAddress: '02:42:00:00:00:09' },
      back: { GwPriority: 1, IPAMConfig: { IPv4Address: '' } },
    }),
    'one',
  );
  const before = await networksOf(fixture, id);
  assert.deepEqual(Object.keys(before), ['front', 'back']);
  assert.deepEqual([before['front']?.IPAddress, before['front']?.MacAddress], ['', '02:42:00:00:00:09']);
  await fixture.service.start(id);
  const { front, back } = await networksOf(fixture, id);
  assert.deepEqual(front?.DNSNames, ['one', 'web', id.slice(0, 12)]);
  assert.equal(front?.MacAddress, '02:42:00:00:00:09');
  assert.equal(front?.NetworkID, fixture.network.network('front').id);
  assert.deepEqual([back?.GwPriority, back?.Aliases], [1, null]);
  assert.equal(fixture.network.attachment(id)?.endpoints[0]?.networkName, 'back');
  const settings = await settingsOf(fixture, id);
  assert.equal(settings.IPAddress, '', 'the default bridge’s alone is on the top');
  const hosts = hostsOf(fixture, id);
  for (const endpoint of [front, back])
    assert.ok(hosts.includes(`${endpoint?.IPAddress}\t${id.slice(0, 12)}`));
});

test('a network that is not there is an error of the start, in Docker’s words', async () => {
  await using fixture = await openWith();
  const id = await fixture.create('sleep', { HostConfig: { NetworkMode: 'front' } });
  const failure = await fixture.service.start(id).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  assert.equal(failure?.message, 'failed to set up container networking: network front not found');
  assert.equal(errorKind(failure), 'not-found');
  await fixture.network.createNetwork(networkRequest('front'));
  await fixture.service.start(id);
  assert.equal((await networksOf(fixture, id))['front']?.EndpointID?.length, 64);
});

test('a running container is connected and disconnected at once, and its hosts follow', async () => {
  await using fixture = await openWith('front');
  const id = await fixture.run('sleep');
  await fixture.service.connectNetwork(id, 'front', { Aliases: ['web'] });
  const { front } = await networksOf(fixture, id);
  assert.ok(hostsOf(fixture, id).includes(`${front?.IPAddress}\t${id.slice(0, 12)}`));
  await fixture.event('connect');
  await assert.rejects(fixture.service.connectNetwork(id, 'front', {}), /already exists in network front/);
  await fixture.service.disconnectNetwork(id, fixture.network.network('front').id, { force: false });
  assert.deepEqual(Object.keys(await networksOf(fixture, id)), ['bridge']);
  assert.ok(!hostsOf(fixture, id).some((line) => line.startsWith(front?.IPAddress ?? '')));
  await fixture.event('disconnect');
  await assert.rejects(
    fixture.service.disconnectNetwork(id, 'front', { force: false }),
    new RegExp(`container ${id} is not connected to network front`),
  );
  await assert.rejects(fixture.service.connectNetwork(id, 'nope', {}), /network nope not found/);
});

test('a container that does not run is connected at its next start', async () => {
  await using fixture = await openWith('front');
  const id = await fixture.create('sleep');
  await fixture.service.connectNetwork(id, 'front', { GwPriority: 7 });
  await fixture.service.disconnectNetwork(id, 'bridge', { force: false });
  await fixture.restart();
  const { front, ...others } = await networksOf(fixture, id);
  assert.deepEqual([front?.GwPriority, others], [7, {}]);
  await fixture.service.start(id);
  assert.deepEqual(
    fixture.network.attachment(id)?.endpoints.map(({ networkName }) => networkName),
    ['front'],
  );
  const listed = await fixture.service.list({
    all: true,
    size: false,
    filters: new Map([['network', ['front']]]),
  });
  assert.deepEqual(
    listed.map(({ Id }) => Id),
    [id],
  );
});

test('networks that cannot be had together are refused with Docker’s words', async () => {
  await using fixture = await openWith('front');
  const shared = /container sharing network namespace with another container or host cannot be connected/;
  const none = /multiple networks with one of the networks in private \(none\) mode/;
  await assert.rejects(fixture.create('x', on({ host: {}, front: {} })), shared);
  await assert.rejects(fixture.create('x', on({ front: {}, host: {} })), /container must be created in host/);
  await assert.rejects(fixture.create('x', on({ none: {}, front: {} })), none);
  const onHost = await fixture.run('sleep', { HostConfig: { NetworkMode: 'host' } });
  await assert.rejects(fixture.service.connectNetwork(onHost, 'front', {}), shared);
  await assert.rejects(
    fixture.service.disconnectNetwork(onHost, 'host', { force: false }),
    /cannot disconnect container from host network/,
  );
  const onNone = await fixture.create('sleep', { HostConfig: { NetworkMode: 'none' } });
  await assert.rejects(fixture.service.connectNetwork(onNone, 'front', {}), none);
  await fixture.service.disconnectNetwork(onNone, 'none', { force: false });
  await fixture.service.connectNetwork(onNone, 'front', {});
  const sharing = await fixture.create('sleep', { HostConfig: { NetworkMode: `container:${onHost}` } });
  await assert.rejects(fixture.service.connectNetwork(sharing, 'front', {}), shared);
  const plain = await fixture.run('sleep');
  await assert.rejects(
    fixture.service.connectNetwork(plain, 'host', {}),
    /container must be created in host/,
  );
  await assert.rejects(
    fixture.service.connectNetwork(plain, 'bridge', { Aliases: ['x'] }),
    /network-scoped alias is supported only for containers in user defined networks/,
  );
});

test('a rename changes the names on user networks', async () => {
  await using fixture = await openWith('front');
  const id = await fixture.create('sleep', on({ front: { Aliases: ['web'] } }), 'old');
  await fixture.service.start(id);
  await fixture.service.rename(id, 'new');
  const names = ['new', 'web', id.slice(0, 12)];
  assert.deepEqual(fixture.network.attachment(id)?.endpoints[0]?.dnsNames, names);
  assert.deepEqual((await networksOf(fixture, id))['front']?.DNSNames, names);
});

test('a link on the default bridge is in hosts and the environment, and follows the other’s restart', async () => {
  await using fixture = await openWith();
  const db = await fixture.create('sleep', { ExposedPorts: { '5432/tcp': {} }, Env: ['MODE=fast'] }, 'db');
  const id = await fixture.create('sleep', { HostConfig: { Links: ['db:store'] } }, 'web');
  await assert.rejects(
    fixture.service.start(id),
    /Cannot link to a non running container: \/db AS \/web\/store/,
  );
  await fixture.service.start(db);
  await fixture.service.start(id);
  const address = (await settingsOf(fixture, db)).IPAddress ?? '';
  assert.ok(hostsOf(fixture, id).includes(`${address}\tstore ${db.slice(0, 12)} db`));
  const env = fixture.runtime.requests.find(({ containerId }) => containerId === id)?.spec.process.env;
  assert.ok(env?.includes(`STORE_PORT_5432_TCP_ADDR=${address}`));
  assert.ok(env?.includes('STORE_ENV_MODE=fast'));
  assert.ok(env?.includes('STORE_NAME=/web/store'));
  const { HostConfig: host } = await fixture.service.inspect(id, { size: false });
  assert.deepEqual(host?.Links, ['/db:/web/store']);
  fixture.runtime.process(db).end(0);
  await fixture.wait(db);
  await fixture.run('sleep');
  await fixture.service.start(db);
  const moved = (await settingsOf(fixture, db)).IPAddress ?? '';
  assert.ok(hostsOf(fixture, id).includes(`${moved}\tstore ${db.slice(0, 12)} db`));
  await fixture.service.removeLink(id, 'store');
  assert.ok(!hostsOf(fixture, id).some((line) => line.includes('store')));
  await assert.rejects(fixture.service.removeLink(id, 'store'), /No such container: web\/store/);
  await assert.rejects(
    fixture.create('x', { HostConfig: { Links: ['nobody'] } }),
    /could not get container for nobody/,
  );
});

test('an engine that died between the record of a connection and its doing finishes it', async () => {
  await using fixture = await openWith('front', 'back');
  const id = await fixture.run('sleep', on({ front: {} }));
  await fixture.closeEngine();
  await fixture.network.disconnect(id, 'front');
  await fixture.network.connect(id, {
    network: 'back',
    dnsNames: [],
    links: new Map(),
    driverOptions: {},
    gatewayPriority: 0,
  });
  await fixture.openEngine();
  const joined = fixture.network.attachment(id)?.endpoints.map(({ networkName }) => networkName);
  assert.deepEqual(joined, ['front']);
});
