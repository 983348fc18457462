import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger, systemClock } from '@gantry/base';
import { ManualClock } from '@gantry/base/testing';
import {
  digestOf,
  pushBlob,
  pushImage,
  putManifest,
  startTestRegistry,
  type TestRegistry,
} from '../../testing/index.ts';
import { type OpenedEvents, openEvents } from '../events/open-events.ts';
import type { EventSink } from '../events/registry-event.ts';
import { noEvents } from '../events/registry-event.ts';
import { readReplicationSettings } from './replication-settings.ts';
import { Replicator } from './replicator.ts';

interface Source extends AsyncDisposable {
  registry: TestRegistry;
  /** Replication begins, or begins again after it was ended. */
  replicate: (target: Record<string, unknown>, clock?: ManualClock) => OpenedEvents;
  waiting: () => number;
}

async function source(): Promise<Source> {
  const late: { sink: EventSink } = { sink: noEvents };
  const registry = await startTestRegistry({
    services: { events: { publish: (event) => late.sink.publish(event) } },
  });
  const { metadata } = registry.storage;
  return {
    registry,
    replicate: (target, clock) => {
      const [settings = assert.fail()] = readReplicationSettings([
        { name: 'backup', insecure: true, ...target },
      ]);
      const options = { userAgent: 'Gantry/test', clock: clock ?? systemClock, logger: silentLogger };
      const replicator = new Replicator({ settings, storage: registry.storage, ...options });
      const opened = openEvents({ webhooks: [], consumers: [replicator], store: metadata, ...options });
      late.sink = opened.events;
      return opened;
    },
    waiting: () => metadata.collection('registry-events', { version: 1 }).entries().length,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

async function untilSent(at: Source): Promise<void> {
  while (at.waiting() > 0) await new Promise(setImmediate);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

test('what is pushed is sent on, with its index, its signature and under the prefix, and what is there is not sent again', async () => {
  await using at = await source();
  await using target = await startTestRegistry();
  await using _opened = at.replicate({ registry: target.host, prefix: 'copies', repositories: ['team/*'] });
  const image = await pushImage(at.registry, 'team/app', { tag: 'v1' });
  await pushImage(at.registry, 'other/app', { tag: 'v1' });
  const entry = { mediaType: image.mediaType, digest: image.digest, size: image.text.length };
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const index = JSON.stringify({ schemaVersion: 2, mediaType, manifests: [entry] });
  assert.equal(
    (await putManifest(at.registry, '/v2/team/app/manifests/all', { mediaType, text: index })).status,
    201,
  );
  const signature = await pushImage(at.registry, 'team/app', {
    tag: 'sig',
    layer: 'signed',
    extra: { subject: entry },
  });
  await untilSent(at);
  const { storage } = target;
  assert.deepEqual(
    storage.repositories.list({ limit: 10 }).map(({ name }) => name),
    ['copies/team/app'],
  );
  assert.deepEqual(
    storage.tags.list('copies/team/app', { limit: 10 }).map(({ tag, digest }) => [tag, digest]),
    [
      ['all', digestOf(index)],
      ['sig', signature.digest],
      ['v1', image.digest],
    ],
  );
  assert.equal(
    storage.referrers.list('copies/team/app', image.digest, { limit: 10 })[0]?.digest,
    signature.digest,
  );
});

test('what was there before is sent first, and once', async () => {
  await using at = await source();
  await using target = await startTestRegistry();
  await pushImage(at.registry, 'a/app', { tag: 'v1' });
  await pushImage(at.registry, 'b/app', { tag: 'v1' });
  await pushImage(at.registry, 'b/app', { tag: 'nightly' });
  const tags = (name: string): string[] =>
    target.storage.tags.list(name, { limit: 10 }).map(({ tag }) => tag);
  {
    await using _opened = at.replicate({ registry: target.host, tags: ['v*'] });
    await until(() => tags('b/app').length === 1);
  }
  assert.deepEqual([tags('a/app'), tags('b/app')], [['v1'], ['v1']]);
  await target.storage.tags.remove('a/app', 'v1');
  await using _again = at.replicate({ registry: target.host, tags: ['v*'] });
  await pushImage(at.registry, 'b/app', { tag: 'v2' });
  await untilSent(at);
  assert.deepEqual([tags('a/app'), tags('b/app')], [[], ['v1', 'v2']]);
});

test('a target that is away gets everything when it is back, over a restart of the source', async () => {
  await using at = await source();
  const gone = await startTestRegistry();
  const { host } = gone;
  await gone[Symbol.asyncDispose]();
  const clock = new ManualClock();
  {
    await using _opened = at.replicate({ registry: host }, clock);
    await pushImage(at.registry, 'app', { tag: 'v1' });
    await clock.sleeping();
  }
  assert.ok(at.waiting() > 0);
  await using target = await startTestRegistry();
  await using _opened = at.replicate({ registry: target.host });
  await untilSent(at);
  assert.equal(target.storage.tags.get('app', 'v1') !== undefined, true);
});

test('two registries that send to each other come to rest', async () => {
  await using one = await source();
  await using two = await source();
  await using _there = one.replicate({ registry: two.registry.host });
  await using _back = two.replicate({ registry: one.registry.host });
  await pushImage(one.registry, 'app', { tag: 'v1' });
  await until(() => two.registry.storage.tags.get('app', 'v1') !== undefined);
  for (let rounds = 0; rounds < 3; rounds += 1) await Promise.all([untilSent(one), untilSent(two)]);
  assert.equal(one.waiting() + two.waiting(), 0);
});

test('what is gone before its turn is passed over', async () => {
  await using at = await source();
  await using target = await startTestRegistry();
  const { digest } = await pushImage(at.registry, 'app', { tag: 'v1' });
  const opened = at.replicate({ registry: '127.0.0.1:1' });
  await opened[Symbol.asyncDispose]();
  await pushBlob(at.registry, 'app', 'more');
  await at.registry.ask(`/v2/app/manifests/${digest}`, { method: 'DELETE' });
  await using _opened = at.replicate({ registry: target.host });
  await untilSent(at);
  assert.deepEqual(target.storage.repositories.list({ limit: 10 }), []);
});

const wrongSettings: [value: unknown, said: RegExp][] = [
  [[{ registry: 'a.io' }], /replication\[0\].name: is missing/],
  [[{ name: 'a', registry: 'http://a.io' }], /registry: must be a host/],
  [[{ name: 'a', registry: 'a.io', deletes: true }], /deletes: is not known/],
  [
    [
      { name: 'a', registry: 'a.io' },
      { name: 'a', registry: 'b.io' },
    ],
    /two are called a/,
  ],
];

for (const [value, said] of wrongSettings) {
  test(`settings of replication are refused: ${said.source}`, () => {
    assert.throws(() => readReplicationSettings(value), said);
  });
}
