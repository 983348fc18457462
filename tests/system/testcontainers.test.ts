import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { GenericContainer, Network, Wait } from 'testcontainers';
import { busyboxImage, loadBusybox } from '../support/busybox-image.ts';
import { TestDaemon } from '../support/test-daemon.ts';

let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  process.env['DOCKER_HOST'] = `unix://${daemon.socketPath}`;
  // Its reaper is an image of a registry.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
});
after(() => daemon[Symbol.asyncDispose]());

test('Testcontainers waits for a server, finds its port and its aliases, and takes everything away', async () => {
  await using network = await new Network().start();
  await using server = await new GenericContainer(busyboxImage)
    .withNetwork(network)
    .withNetworkAliases('database', 'db')
    .withExposedPorts(80)
    .withCopyContentToContainer([{ content: 'page\n', target: '/www/index.html' }])
    .withTmpFs({ '/scratch': 'rw,size=1m' })
    .withCommand(['httpd', '-f', '-v', '-h', '/www'])
    .withWaitStrategy(Wait.forAll([Wait.forListeningPorts(), Wait.forHttp('/', 80)]))
    .start();
  const address = `http://${server.getHost()}:${server.getMappedPort(80)}/`;
  assert.equal(await (await fetch(address)).text(), 'page\n');
  assert.match(server.getIpAddress(network.getName()), /^\d+\.\d+\.\d+\.\d+$/);
  await using client = await new GenericContainer(busyboxImage)
    .withNetwork(network)
    .withCommand(['sh', '-c', 'echo client is up; sleep 1000'])
    .withWaitStrategy(Wait.forLogMessage('client is up'))
    .start();
  const found = await client.exec(['sh', '-c', 'nslookup db && ping -c 1 database']);
  assert.equal(found.exitCode, 0, found.output);
  assert.equal((await server.exec(['df', '-m', '/scratch'])).exitCode, 0);
  await server.restart();
  assert.equal(
    await (await fetch(`http://${server.getHost()}:${server.getMappedPort(80)}/`)).text(),
    'page\n',
  );
});

test('Testcontainers waits for health, and tells of a container that ends', async () => {
  await using healthy = await new GenericContainer(busyboxImage)
    .withCommand(['sh', '-c', 'touch /ready; sleep 1000'])
    .withHealthCheck({ test: ['CMD', 'test', '-e', '/ready'], interval: 200, retries: 20 })
    .withWaitStrategy(Wait.forHealthCheck())
    .start();
  assert.equal((await healthy.exec(['cat', '/ready'])).exitCode, 0);
  await using once = await new GenericContainer(busyboxImage)
    .withCommand(['sh', '-c', 'echo done'])
    .withWaitStrategy(Wait.forOneShotStartup())
    .start();
  const logged: Buffer[] = [];
  for await (const chunk of await once.logs()) logged.push(Buffer.from(chunk as Buffer));
  assert.match(Buffer.concat(logged).toString(), /done/);
});
