import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NetworkHost } from '../../testing/network-host.ts';
import { ask, serve } from '../../testing/network-probe.ts';
import { attachRequest, endpointOn, networkRequest } from '../../testing/requests.ts';
import type { Attachment, NetworkController } from '../network-controller.ts';

const host = new NetworkHost();
const closed = { timeoutMs: 400 };
const options = { ipv6ByDefault: false, foreignForwarding: 'leave' } as const;
let controller: NetworkController & AsyncDisposable;

before(async () => {
  controller = await host.open(options);
  await controller.createNetwork(
    networkRequest('apart', { options: { 'com.docker.network.bridge.enable_icc': 'false' } }),
  );
});

after(async () => {
  await controller.removeNetwork('apart');
  await controller[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

test('where neighbours are kept apart a link opens the ports it names, to who has it, and nothing else', async () => {
  const database = await attach('database', [], 5432);
  const client = await attach('client', ['database'], 5432);
  const stranger = await attach('stranger');
  using _open = serve(database.namespacePath, 'tcp', 5432);
  using _other = serve(database.namespacePath, 'tcp', 5433);
  using _back = serve(client.namespacePath, 'tcp', 5432);
  assert.equal(await reach(client, database, 5432), addressOf(client));
  assert.equal(await reach(client, database, 5433, closed), undefined);
  assert.equal(await reach(stranger, database, 5432, closed), undefined);
  assert.equal(await reach(database, client, 5432, closed), undefined);

  await controller.detach('database');
  const squatter = await attach('squatter', [], 5432);
  using _squats = serve(squatter.namespacePath, 'tcp', 5432);
  assert.equal(await reach(client, squatter, 5432, closed), undefined);
  const again = await attach('database', [], 5432);
  using _again = serve(again.namespacePath, 'tcp', 5432);
  assert.equal(await reach(client, again, 5432), addressOf(client));

  await controller[Symbol.asyncDispose]();
  controller = await host.open(options);
  await controller.restore(new Set(['database', 'client', 'stranger', 'squatter']));
  assert.equal(await reach(client, again, 5432), addressOf(client));
  assert.equal(await reach(stranger, again, 5432, closed), undefined);
  await controller.disconnect('client', 'apart');
  await controller.connect('client', endpointOn('apart'));
  const now = controller.attachment('client');
  assert.ok(now);
  assert.equal(await reach(now, again, 5432, closed), undefined);
  for (const name of ['client', 'database', 'stranger', 'squatter']) await controller.detach(name);
});

function attach(containerId: string, linkedTo: string[] = [], port?: number): Promise<Attachment> {
  const exposedPorts = port === undefined ? [] : [{ protocol: 'tcp' as const, first: port, last: port }];
  return controller.attach(
    attachRequest(containerId, { endpoints: [endpointOn('apart', { linkedTo })], exposedPorts }),
  );
}

function addressOf({ endpoints }: Attachment): string {
  return endpoints[0]?.ipv4?.address ?? '';
}

function reach(
  from: Attachment,
  to: Attachment,
  port: number,
  { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
): Promise<string | undefined> {
  return ask({ from: from.namespacePath, address: addressOf(to), port, timeoutMs });
}
