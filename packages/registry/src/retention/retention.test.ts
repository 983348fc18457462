import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@gantry/base';
import { ManualClock } from '@gantry/base/testing';
import { pushImage, startTestRegistry, type TestRegistry } from '../../testing/index.ts';
import type { NewRegistryEvent } from '../events/registry-event.ts';
import { readRuleSettings } from '../rules/rule-settings.ts';
import { RetentionRunner } from './retention-runner.ts';
import { readRetentionSettings } from './retention-settings.ts';

const dayMs = 86_400_000;

interface Stage extends AsyncDisposable {
  registry: TestRegistry;
  clock: ManualClock;
  events: NewRegistryEvent[];
  runner: (rules: unknown[], immutable?: string[]) => RetentionRunner;
  tags: (repository: string) => string[];
}

async function stage(): Promise<Stage> {
  const clock = new ManualClock();
  const registry = await startTestRegistry({ storage: { clock } });
  const events: NewRegistryEvent[] = [];
  return {
    registry,
    clock,
    events,
    runner: (rules, immutable = []) =>
      new RetentionRunner({
        settings: readRetentionSettings({ rules }),
        rules: readRuleSettings({ 'immutable-tags': immutable.length === 0 ? [] : [{ tags: immutable }] }),
        storage: registry.storage,
        events: { publish: (event) => void events.push(event) },
        clock,
        logger: silentLogger,
      }),
    tags: (repository) => registry.storage.tags.list(repository, { limit: 100 }).map(({ tag }) => tag),
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

/** One a day. */
async function pushDaily(
  { registry, clock }: Stage,
  repository: string,
  tags: readonly string[],
): Promise<void> {
  for (const tag of tags) {
    await pushImage(registry, repository, { tag });
    await clock.advance(dayMs);
  }
}

test('the newest tags are kept, the others go, and each is told', async () => {
  await using at = await stage();
  await pushDaily(at, 'team/app', ['c', 'a', 'b', 'd']);
  await pushDaily(at, 'other/app', ['x', 'y']);
  const runner = at.runner([{ repositories: ['team/*'], 'keep-last': 2 }]);
  const [planned] = runner.plan();
  assert.deepEqual(planned?.tags, ['a', 'c']);
  assert.deepEqual(at.tags('team/app'), ['a', 'b', 'c', 'd']);
  await runner.run();
  assert.deepEqual(at.tags('team/app'), ['b', 'd']);
  assert.deepEqual(at.tags('other/app'), ['x', 'y']);
  assert.deepEqual(
    at.events.map(({ action, tag, actor }) => [action, tag, actor]),
    [
      ['delete', 'a', 'gantry-registry'],
      ['delete', 'c', 'gantry-registry'],
    ],
  );
});

test('a tag is kept for its age, its last pull, its name, or because it is immutable', async () => {
  await using at = await stage();
  await pushDaily(at, 'app', ['v1', 'old', 'pulled', 'stable', 'fresh']);
  await at.clock.advance(10 * dayMs);
  await at.registry.ask('/v2/app/manifests/pulled');
  await at.clock.advance(120_000);
  const rules = [
    {
      repositories: ['**'],
      'keep-pushed-within': '12d',
      'keep-pulled-within': '1d',
      'keep-tags': ['stable'],
    },
  ];
  await at.runner(rules, ['v*']).run();
  assert.deepEqual(at.tags('app'), ['fresh', 'pulled', 'stable', 'v1']);
});

test('the first rule that matches a tag judges it', async () => {
  await using at = await stage();
  await pushDaily(at, 'app', ['release-1', 'release-2', 'build-1', 'build-2', 'build-3']);
  await at
    .runner([
      { repositories: ['**'], tags: ['release-*'], 'keep-last': 10 },
      { repositories: ['**'], 'keep-last': 1 },
    ])
    .run();
  assert.deepEqual(at.tags('app'), ['build-3', 'release-1', 'release-2']);
});

test('manifests that nothing needs go after a while; what a tag, an index or a subject needs stays', async () => {
  await using at = await stage();
  const { registry } = at;
  const lost = await pushImage(registry, 'app', { tag: 'moving', layer: 'first' });
  const named = await pushImage(registry, 'app', { tag: 'moving', layer: 'second' });
  const subject = { mediaType: named.mediaType, digest: named.digest, size: named.text.length };
  const signature = await pushImage(registry, 'app', {
    tag: 'signature',
    layer: 'signed',
    extra: { subject },
  });
  await registry.ask('/v2/app/manifests/signature', { method: 'DELETE' });
  const runner = at.runner([{ repositories: ['**'], 'remove-untagged-after': '2d' }]);
  await runner.run();
  assert.equal(registry.storage.manifests.list('app', { limit: 10 }).length, 3);
  await at.clock.advance(3 * dayMs);
  const [result] = await runner.run();
  assert.deepEqual(result?.manifests, [lost.digest]);
  assert.ok(registry.storage.manifests.get('app', signature.digest) !== undefined);
  assert.deepEqual(at.tags('app'), ['moving']);
});

test('it is done again and again', async () => {
  await using at = await stage();
  await pushDaily(at, 'app', ['a', 'b']);
  const stop = new AbortController();
  const repeating = at.runner([{ repositories: ['**'], 'keep-last': 1 }]).repeat(stop.signal);
  while (at.tags('app').length > 1) {
    await at.clock.sleeping(2);
    await at.clock.advance(3_600_000);
  }
  stop.abort();
  await repeating;
  assert.deepEqual(at.tags('app'), ['b']);
});

const wrongSettings: [value: unknown, said: RegExp][] = [
  [
    { rules: [{ repositories: ['**'] }] },
    /retention.rules\[0\].keep-last: is missing, as is every other reason/,
  ],
  [{ rules: [{ 'keep-last': 1 }] }, /retention.rules\[0\].repositories: is missing/],
  [{ rules: [{ repositories: ['**'], 'keep-last': 0 }] }, /keep-last: must be a whole number from 1/],
  [{ rules: [{ repositories: ['**'], 'keep-for': '1d' }] }, /keep-for: is not known/],
  [{ interval: 'daily' }, /retention.interval: time: invalid duration/],
];

for (const [value, said] of wrongSettings) {
  test(`settings of retention are refused: ${said.source}`, () => {
    assert.throws(() => readRetentionSettings(value), said);
  });
}
