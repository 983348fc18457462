import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { silentLogger, systemClock } from '@gantry/base';
import { ManualClock } from '@gantry/base/testing';
import { MemoryMetadataStore } from '@gantry/state/testing';
import { readAuditSettings, readMetricsSettings, readWebhookSettings } from './event-settings.ts';
import { RegistryMetrics } from './metrics/registry-metrics.ts';
import { openEvents } from './open-events.ts';
import { Outbox } from './outbox/outbox.ts';
import type { NewRegistryEvent, RegistryEvent } from './registry-event.ts';
import { isPublicAddress } from './webhooks/public-address.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'registry-events-'));
after(() => rmSync(directory, { recursive: true }));
const signal = AbortSignal.timeout(60_000);

function push(repository: string, more: Partial<NewRegistryEvent> = {}): NewRegistryEvent {
  return {
    action: 'push',
    repository,
    tag: 'latest',
    sizeBytes: 10,
    actor: 'ada',
    remoteAddress: '192.0.2.1',
    userAgent: 'docker/28',
    requestId: 'r1',
    ...more,
  };
}

interface Delivery {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A receiver that answers with the statuses given, then with 200. */
async function receiver(
  ...statuses: number[]
): Promise<
  AsyncDisposable & { url: string; deliveries: Delivery[]; until: (count: number) => Promise<void> }
> {
  const deliveries: Delivery[] = [];
  const news = new EventEmitter();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      deliveries.push({ headers: request.headers, body });
      response.writeHead(statuses.shift() ?? 200, { location: 'http://127.0.0.1:1/' }).end();
      news.emit('delivery');
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    deliveries,
    until: async (count) => {
      while (deliveries.length < count) await once(news, 'delivery', { signal });
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function repositoriesOf(deliveries: readonly Delivery[]): string[] {
  return deliveries.flatMap(({ body }) =>
    (JSON.parse(body) as { events: RegistryEvent[] }).events.map(({ repository }) => repository),
  );
}

const base = { userAgent: 'Gantry/test', clock: systemClock, logger: silentLogger };

test('a reader gets every event in order, also after a restart, until it acknowledges', async () => {
  const store = new MemoryMetadataStore();
  const open = (): Outbox =>
    new Outbox({ store, clock: new ManualClock(), logger: silentLogger, readers: ['one', 'two'] });
  const first = open();
  for (const name of ['a', 'b', 'c']) first.append(first.stamp(push(name)));
  const [a] = await first.reader('one').next(signal);
  assert.equal(a?.repository, 'a');
  first.reader('one').acknowledge(a);
  const second = open();
  assert.deepEqual(
    (await second.reader('one').next(signal)).map(({ repository }) => repository),
    ['b', 'c'],
  );
  const all = await second.reader('two').next(signal);
  assert.deepEqual(
    all.map(({ repository }) => repository),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(
    all.map(({ id }) => id),
    all.map(({ id }) => id).toSorted(),
  );
  for (const name of ['one', 'two']) second.reader(name).acknowledge(all[2]!);
  assert.deepEqual(store.collection('registry-events', { version: 1 }).entries(), []);
  const later = second.stamp(push('d'));
  assert.ok(later.id > all[2]!.id);
});

test('an event of a transaction that failed is told to nobody', async () => {
  const store = new MemoryMetadataStore();
  const outbox = new Outbox({ store, clock: systemClock, logger: silentLogger, readers: ['one'] });
  assert.throws(() =>
    store.transaction(() => {
      outbox.append(outbox.stamp(push('undone')));
      throw new Error('refused');
    }),
  );
  const waiting = outbox.reader('one').next(signal);
  outbox.append(outbox.stamp(push('kept')));
  assert.deepEqual(
    (await waiting).map(({ repository }) => repository),
    ['kept'],
  );
});

test('who is told of no more is forgotten, and the oldest events go past a bound', async () => {
  const store = new MemoryMetadataStore();
  const options = { store, clock: systemClock, logger: silentLogger };
  const first = new Outbox({ ...options, readers: ['gone', 'stays'] });
  first.append(first.stamp(push('a')));
  first.reader('stays').acknowledge((await first.reader('stays').next(signal))[0]!);
  const second = new Outbox({ ...options, readers: ['stays'], maxEvents: 10 });
  assert.equal(second.size, 0);
  for (let count = 0; count < 300; count += 1) second.append(second.stamp(push(`r${count}`)));
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  await promise;
  assert.ok(second.size <= 111, String(second.size));
});

test('a webhook gets signed events that it asked for, again after a failure, in order', async () => {
  await using target = await receiver(500, 429);
  const secretFile = path.join(directory, 'secret');
  writeFileSync(secretFile, 'a secret of some length\n', { mode: 0o600 });
  const webhooks = readWebhookSettings([
    {
      name: 'ci',
      url: target.url,
      'secret-file': secretFile,
      'allow-private': true,
      repositories: ['team/*'],
    },
  ]);
  const clock = new ManualClock();
  await using opened = openEvents({ ...base, clock, webhooks, store: new MemoryMetadataStore() });
  opened.events.publish(push('team/one'));
  opened.events.publish(push('other/two'));
  opened.events.publish(push('team/three', { action: 'delete' }));
  opened.events.publish(push('team/four', { action: 'pull' }));
  for (let count = 1; count <= 2; count += 1) {
    await target.until(count);
    await clock.sleeping();
    await clock.advance(5000);
  }
  await target.until(4);
  assert.deepEqual(repositoriesOf(target.deliveries), ['team/one', 'team/one', 'team/one', 'team/three']);
  const [{ headers, body } = assert.fail()] = target.deliveries;
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['gantry-event'], 'push');
  const [, seconds = '', signature] =
    /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['gantry-signature'])) ?? [];
  assert.equal(
    createHmac('sha256', 'a secret of some length').update(`${seconds}.${body}`).digest('hex'),
    signature,
  );
  assert.equal(body.includes('secret'), false);
});

test('a refusal and a redirect are not repeated, nor followed', async () => {
  await using target = await receiver(302, 410);
  const webhooks = readWebhookSettings([{ name: 'ci', url: target.url, 'allow-private': true }]);
  await using opened = openEvents({ ...base, webhooks, store: new MemoryMetadataStore() });
  for (const name of ['a', 'b', 'c']) opened.events.publish(push(name));
  await target.until(3);
  assert.deepEqual(repositoriesOf(target.deliveries), ['a', 'b', 'c']);
});

test('what was not delivered is delivered after a restart', async () => {
  const store = new MemoryMetadataStore();
  const clock = new ManualClock();
  await using target = await receiver(503);
  const webhooks = readWebhookSettings([{ name: 'ci', url: target.url, 'allow-private': true }]);
  {
    await using first = openEvents({ ...base, clock, webhooks, store });
    first.events.publish(push('kept'));
    await target.until(1);
    await clock.sleeping();
  }
  await using _second = openEvents({ ...base, clock, webhooks, store });
  await target.until(2);
  assert.deepEqual(repositoriesOf(target.deliveries), ['kept', 'kept']);
});

test('a webhook does not reach private addresses unless it is told so', async () => {
  await using target = await receiver();
  const port = new URL(target.url).port;
  const clock = new ManualClock();
  for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
    const webhooks = readWebhookSettings([{ name: 'ci', url: `http://${host}:${port}/` }]);
    await using opened = openEvents({ ...base, clock, webhooks, store: new MemoryMetadataStore() });
    opened.events.publish(push('a'));
    await clock.sleeping();
  }
  assert.deepEqual(target.deliveries, []);
});

const addresses: [address: string, isPublic: boolean][] = [
  ['8.8.8.8', true],
  ['2606:4700:4700::1111', true],
  ['10.1.2.3', false],
  ['169.254.169.254', false],
  ['::1', false],
  ['::ffff:192.168.1.1', false],
  ['fd00:ec2::254', false],
  ['0.0.0.0', false],
  ['not an address', false],
];

for (const [address, isPublic] of addresses) {
  test(`${address} is ${isPublic ? '' : 'not '}of the public internet`, () => {
    assert.equal(isPublicAddress(address), isPublic);
  });
}

test('the audit log has a line for each event, for its owner only, and begins anew when it is full', async () => {
  const file = path.join(directory, 'audit', 'registry.log');
  const audit = readAuditSettings({ file, 'max-size': 600, 'max-files': 2 });
  {
    await using opened = openEvents({ ...base, webhooks: [], audit, store: new MemoryMetadataStore() });
    opened.events.publish(push('', { action: 'login-refused', actor: 'eve' }));
    for (let count = 0; count < 6; count += 1) opened.events.publish(push(`r${count}`, { action: 'pull' }));
  }
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(existsSync(`${file}.1`), true);
  assert.equal(existsSync(`${file}.2`), false);
  const last = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  assert.equal((JSON.parse(last) as RegistryEvent).repository, 'r5');
});

test('changes are in the audit log even if the process ended before they were written', async () => {
  const file = path.join(directory, 'audit', 'changes.log');
  const audit = readAuditSettings({ file });
  const store = new MemoryMetadataStore();
  const outbox = new Outbox({ store, clock: systemClock, logger: silentLogger, readers: ['audit'] });
  outbox.append(outbox.stamp(push('before')));
  await using opened = openEvents({ ...base, webhooks: [], audit, store });
  opened.events.publish(push('after'));
  while (store.collection('registry-events', { version: 1 }).entries().length > 0)
    await new Promise(setImmediate);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as RegistryEvent).repository),
    ['before', 'after'],
  );
});

test('metrics count events, requests and what waits', async () => {
  const metrics = new RegistryMetrics();
  await using opened = openEvents({ ...base, webhooks: [], metrics, store: new MemoryMetadataStore() });
  opened.events.publish(push('a'));
  metrics.request({ method: 'GET', route: '/v2/:name/manifests/:reference', status: 200, seconds: 0.002 });
  const rendered = await metrics.render();
  assert.match(rendered, /gantry_registry_events_total\{action="push"\} 1/);
  assert.match(rendered, /gantry_registry_pushed_bytes_total 10/);
  assert.match(rendered, /gantry_registry_events_waiting 0/);
  assert.match(
    rendered,
    /http_request_duration_seconds_bucket\{le="0.005",method="GET",route="[^"]+",status="200"\} 1/,
  );
});

const wrongSettings: [read: () => unknown, said: RegExp][] = [
  [() => readWebhookSettings({}), /configuration.webhooks: must be a list/],
  [() => readWebhookSettings([{ name: 'a' }]), /webhooks\[0\].url: is missing/],
  [() => readWebhookSettings([{ name: 'A b', url: 'http://x' }]), /name: must be small letters/],
  [() => readWebhookSettings([{ name: 'a', url: 'http://u:p@x' }]), /without user/],
  [() => readWebhookSettings([{ name: 'a', url: 'http://x', secret: 's' }]), /secret: is not known/],
  [() => readWebhookSettings([{ name: 'a', url: 'http://x', actions: ['pushed'] }]), /"pushed" is none of/],
  [
    () =>
      readWebhookSettings([
        { name: 'a', url: 'http://x' },
        { name: 'a', url: 'http://y' },
      ]),
    /two are called a/,
  ],
  [() => readAuditSettings({ file: 'f', 'max-size': 'big' }), /audit.max-size: must be a number of bytes/],
  [() => readMetricsSettings({ public: 'yes' }), /metrics.public: must be true or false/],
];

for (const [read, said] of wrongSettings) {
  test(`settings of events are refused: ${said.source}`, () => {
    assert.throws(read, said);
  });
}

test('a webhook whose secret cannot be read, or is no secret, refuses the start', () => {
  const store = new MemoryMetadataStore();
  const short = path.join(directory, 'short');
  writeFileSync(short, 'x\n');
  for (const [secretFile, said] of [
    [path.join(directory, 'none'), /ENOENT/],
    [short, /16 characters or more/],
  ] as const) {
    const webhooks = readWebhookSettings([{ name: 'a', url: 'http://x', 'secret-file': secretFile }]);
    assert.throws(() => openEvents({ ...base, webhooks, store }), said);
  }
});
