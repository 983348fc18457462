import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { silentLogger } from '@gantry/base';
import { ManualClock } from '@gantry/base/testing';
import { FakeRegistry } from '@gantry/distribution/testing';
import {
  digestOf,
  makeManifest,
  startTestRegistry,
  type TestManifest,
  type TestRegistry,
} from '../../testing/index.ts';
import { ConfiguredRules } from '../rules/configured-rules.ts';
import { QuotaLedger } from '../rules/quota-ledger.ts';
import { readRuleSettings } from '../rules/rule-settings.ts';
import { readCacheSettings } from './cache-settings.ts';
import { noPullThrough, type PullThrough } from './pull-through.ts';
import { RegistryPullThrough } from './registry-pull-through.ts';

interface Stage extends AsyncDisposable {
  upstream: FakeRegistry;
  registry: TestRegistry;
  clock: ManualClock;
  ledger: QuotaLedger;
  put: (repository: string, tag: string, layer: string) => TestManifest;
}

async function stage({ quota = '1G' }: { quota?: string } = {}): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const upstream = stack.use(await FakeRegistry.start());
  const clock = new ManualClock();
  const rules = readRuleSettings({ quotas: [{ repositories: ['hub/**'], size: quota }] });
  const ledger = new QuotaLedger(rules.quotas);
  const late: { cache: PullThrough } = { cache: noPullThrough };
  const pullThrough: PullThrough = {
    covers: (repository) => late.cache.covers(repository),
    prepareManifest: (...args) => late.cache.prepareManifest(...args),
    fetchBlob: (...args) => late.cache.fetchBlob(...args),
  };
  const registry = stack.use(
    await startTestRegistry({
      services: { pullThrough },
      storage: { onContent: (change) => ledger.note(change) },
    }),
  );
  late.cache = stack.use(
    new RegistryPullThrough({
      settings: readCacheSettings([
        { prefix: 'hub', registry: upstream.host, insecure: true, timeout: '30s' },
      ]),
      storage: registry.storage,
      rules: new ConfiguredRules(rules, ledger),
      userAgent: 'Gantry/test',
      // Pauses between tries are not what is tried here.
      clock: { now: () => clock.now(), nowNs: () => clock.nowNs(), sleep: async () => {} },
      logger: silentLogger,
    }),
  );
  const owned = stack.move();
  return {
    upstream,
    registry,
    clock,
    ledger,
    put: (repository, tag, layer) => {
      upstream.putBlob(Buffer.from('{}'));
      upstream.putBlob(Buffer.from(layer));
      const manifest = makeManifest('{}', layer);
      upstream.putManifest(
        repository,
        { mediaType: manifest.mediaType, bytes: Buffer.from(manifest.text) },
        tag,
      );
      return manifest;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function asked({ upstream }: Stage, what: string): number {
  return upstream.requests.filter((request) => request.startsWith('GET') && request.includes(what)).length;
}

async function pull(
  { registry }: Stage,
  repository: string,
  reference: string,
  layer: string,
): Promise<string> {
  const manifest = await registry.ask(`/v2/${repository}/manifests/${reference}`);
  assert.equal(manifest.status, 200, await manifest.clone().text());
  const blob = await registry.ask(`/v2/${repository}/blobs/${digestOf(layer)}`);
  assert.equal(blob.status, 200);
  assert.equal(await blob.text(), layer);
  return manifest.headers.get('docker-content-digest') ?? '';
}

test('what is asked for comes from the other registry once, and is served without it then', async () => {
  await using at = await stage();
  const layer = 'l'.repeat(3_000_000);
  const { digest } = at.put('team/app', 'v1', layer);
  assert.equal(await pull(at, 'hub/team/app', 'v1', layer), digest);
  await at.upstream[Symbol.asyncDispose]();
  assert.equal(await pull(at, 'hub/team/app', 'v1', layer), digest);
  await at.clock.advance(3_600_000);
  assert.equal(await pull(at, 'hub/team/app', 'v1', layer), digest);
  assert.equal(await pull(at, 'hub/team/app', digest, layer), digest);
  const missing = await at.registry.ask('/v2/hub/team/app/manifests/v2');
  assert.equal(missing.status, 503);
  assert.match(await missing.text(), /cannot be asked now/);
  const push = await at.registry.ask('/v2/hub/team/app/blobs/uploads/', { method: 'POST' });
  assert.equal(push.status, 405);
});

test('a tag is looked up again when its time is over, and follows the other registry', async () => {
  await using at = await stage();
  const first = at.put('app', 'latest', 'one');
  assert.equal(await pull(at, 'hub/app', 'latest', 'one'), first.digest);
  const second = at.put('app', 'latest', 'two');
  assert.equal(await pull(at, 'hub/app', 'latest', 'one'), first.digest);
  await at.clock.advance(600_000);
  assert.equal(await pull(at, 'hub/app', 'latest', 'two'), second.digest);
  assert.equal(await pull(at, 'hub/app', first.digest, 'one'), first.digest);
});

test('what retention took away comes again', async () => {
  await using at = await stage();
  const { digest } = at.put('app', 'v1', 'layer');
  for (const reference of ['v1', digest]) {
    await pull(at, 'hub/app', reference, 'layer');
    await at.registry.storage.manifests.remove('hub/app', digest);
    assert.equal(await pull(at, 'hub/app', reference, 'layer'), digest);
  }
});

test('many who ask at once share one transfer, and get the first bytes before the last ones came', async () => {
  await using at = await stage();
  const layer = 'x'.repeat(2_000_000);
  at.put('app', 'v1', layer);
  const news = new EventEmitter();
  at.upstream.interfere = async (request, response) => {
    if (request.method !== 'GET' || !request.url?.includes(`/blobs/${digestOf(layer)}`)) return false;
    response.writeHead(200, { 'content-length': layer.length });
    response.write(layer.slice(0, 1_000_000));
    await once(news, 'go on');
    response.end(layer.slice(1_000_000));
    return true;
  };
  await at.registry.ask('/v2/hub/app/manifests/v1');
  const bodies = await Promise.all(
    Array.from(
      { length: 20 },
      async () => (await at.registry.ask(`/v2/hub/app/blobs/${digestOf(layer)}`)).body,
    ),
  );
  const readers = bodies.map((body) => body?.getReader() ?? assert.fail());
  for (const reader of readers) assert.ok(((await reader.read()).value?.length ?? 0) > 0);
  await readers[0]?.cancel();
  news.emit('go on');
  for (const reader of readers.slice(1)) {
    let rest = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) rest += part.value.length;
    assert.ok(rest > 0);
  }
  assert.equal(asked(at, digestOf(layer)), 1);
});

test('a layer that two repositories share is sent once, stored once and counted once', async () => {
  await using at = await stage();
  const layer = 's'.repeat(1_000_000);
  at.put('one', 'v1', layer);
  at.put('two', 'v1', layer);
  await pull(at, 'hub/one', 'v1', layer);
  const before = at.ledger.usage()[0]?.usedBytes ?? 0;
  await pull(at, 'hub/two', 'v1', layer);
  assert.equal(asked(at, digestOf(layer)), 1);
  assert.equal(at.ledger.usage()[0]?.usedBytes, before);
});

test('a blob that no manifest of the repository names is not asked for', async () => {
  await using at = await stage();
  const secret = 'of somebody else';
  at.upstream.putBlob(Buffer.from(secret));
  at.put('app', 'v1', 'layer');
  await at.registry.ask('/v2/hub/app/manifests/v1');
  assert.equal((await at.registry.ask(`/v2/hub/app/blobs/${digestOf(secret)}`)).status, 404);
  assert.equal(asked(at, digestOf(secret)), 0);
});

test('bytes that are wrong are not stored, and never sent to their end', async () => {
  await using at = await stage();
  const layer = 'right'.repeat(1000);
  at.put('app', 'v1', layer);
  at.upstream.blobs.set(digestOf(layer), Buffer.from('wrong'.repeat(1000)));
  await at.registry.ask('/v2/hub/app/manifests/v1');
  await assert.rejects(
    at.registry.ask(`/v2/hub/app/blobs/${digestOf(layer)}`).then((response) => response.text()),
  );
  assert.equal(at.registry.storage.blobs.get('hub/app', digestOf(layer)), undefined);
  at.upstream.putBlob(Buffer.from(layer));
  assert.equal(await pull(at, 'hub/app', 'v1', layer), makeManifest('{}', layer).digest);
});

test('a quota holds for what is fetched', async () => {
  await using at = await stage({ quota: '1500' });
  const layer = 'q'.repeat(2000);
  at.put('app', 'v1', layer);
  await at.registry.ask('/v2/hub/app/manifests/v1');
  await assert.rejects(
    at.registry.ask(`/v2/hub/app/blobs/${digestOf(layer)}`).then((response) => response.text()),
  );
  assert.equal(at.registry.storage.blobs.get('hub/app', digestOf(layer)), undefined);
});

test('what the other registry does not know is not asked for again at once', async () => {
  await using at = await stage();
  for (let count = 0; count < 5; count += 1) {
    assert.equal((await at.registry.ask('/v2/hub/none/manifests/v1')).status, 404);
  }
  assert.equal(asked(at, '/none/'), 1);
});

const wrongSettings: [value: unknown, said: RegExp][] = [
  [[{}], /cache\[0\].registry: is missing/],
  [[{ registry: 'https://docker.io' }], /registry: must be a host/],
  [[{ registry: 'docker.io', username: 'ada' }], /password-file: is missing: the two belong together/],
  [[{ registry: 'docker.io', password: 'x' }], /password: is not known/],
  [[{ registry: 'docker.io', prefix: 'Hub' }], /prefix: must be the begin of a repository name/],
  [
    [
      { registry: 'a.io', prefix: 'a' },
      { registry: 'b.io', prefix: 'a/b' },
    ],
    /"a\/b" lies within the prefix/,
  ],
  [[{ registry: 'a.io' }, { registry: 'b.io', prefix: 'b' }], /lies within the prefix/],
];

for (const [value, said] of wrongSettings) {
  test(`settings of caches are refused: ${said.source}`, () => {
    assert.throws(() => readCacheSettings(value), said);
  });
}
