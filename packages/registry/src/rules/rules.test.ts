import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  digestOf,
  makeManifest,
  pushBlob,
  pushImage,
  putManifest,
  startTestRegistry,
  type TestRegistry,
} from '../../testing/index.ts';
import { noEvents } from '../events/registry-event.ts';
import { ConfiguredRules } from './configured-rules.ts';
import { QuotaLedger } from './quota-ledger.ts';
import { readRuleSettings } from './rule-settings.ts';

async function registryWith(value: unknown): Promise<TestRegistry & { ledger: QuotaLedger }> {
  const settings = readRuleSettings(value);
  const ledger = new QuotaLedger(settings.quotas);
  const registry = await startTestRegistry({
    services: { rules: new ConfiguredRules(settings, ledger), events: noEvents },
    storage: { onContent: (change) => ledger.note(change), graceMs: 0 },
  });
  return Object.assign(registry, { ledger });
}

async function errorOf(response: Response): Promise<{ status: number; message: string }> {
  const body = (await response.json()) as { errors: { message: string }[] };
  return { status: response.status, message: body.errors[0]?.message ?? '' };
}

test('an immutable tag is written once, and neither moved nor removed', async () => {
  await using registry = await registryWith({
    'immutable-tags': [{ repositories: ['team/*'], tags: ['v*'] }],
  });
  const first = await pushImage(registry, 'team/app', { tag: 'v1' });
  assert.equal((await putManifest(registry, '/v2/team/app/manifests/v1', first)).status, 201);
  await pushBlob(registry, 'team/app', 'other layer');
  const other = makeManifest('{}', 'other layer');
  const moved = await errorOf(await putManifest(registry, '/v2/team/app/manifests/v1', other));
  assert.equal(moved.status, 409);
  assert.match(
    moved.message,
    /tag team\/app:v1 cannot be changed or removed: it is immutable by the rule "v\*"/,
  );
  for (const target of ['v1', first.digest]) {
    const { status } = await registry.ask(`/v2/team/app/manifests/${target}`, { method: 'DELETE' });
    assert.equal(status, 409);
  }
  assert.equal(
    (await registry.ask('/v2/team/app/manifests/v1')).headers.get('docker-content-digest'),
    first.digest,
  );
  await pushImage(registry, 'team/app', { tag: 'latest' });
  await pushImage(registry, 'team/app', { tag: 'latest', layer: 'newer' });
});

test('a quota counts what its repositories share once, and gives back what goes', async () => {
  await using registry = await registryWith({ quotas: [{ repositories: ['team/**'], size: 3000 }] });
  const layer = 'x'.repeat(2000);
  const one = await pushImage(registry, 'team/one', { tag: 'a', layer });
  const two = await pushImage(registry, 'team/two', { tag: 'a', layer });
  const [usage] = registry.ledger.usage();
  assert.equal(usage?.usedBytes, 2000 + 2 + one.text.length);
  const tooMuch = 'y'.repeat(1000);
  const refused = await registry.ask(`/v2/team/three/blobs/uploads/?digest=${digestOf(tooMuch)}`, {
    method: 'POST',
    body: tooMuch,
  });
  const { status, message } = await errorOf(refused);
  assert.equal(status, 403);
  assert.match(
    message,
    /the quota of 3000 bytes for "team\/\*\*" is used up: \d+ bytes are stored, 1000 more do not fit/,
  );
  await pushBlob(registry, 'other/app', tooMuch);

  const mounted = await registry.ask(
    `/v2/team/three/blobs/uploads/?mount=${digestOf(tooMuch)}&from=other/app`,
    { method: 'POST' },
  );
  assert.equal(mounted.status, 403);

  const recount = new QuotaLedger(
    readRuleSettings({ quotas: [{ repositories: ['team/**'], size: 3000 }] }).quotas,
  );
  recount.count(registry.storage);
  assert.deepEqual(recount.usage(), registry.ledger.usage());

  for (const [name, { digest }] of [
    ['one', one],
    ['two', two],
  ] as const) {
    await registry.ask(`/v2/team/${name}/manifests/${digest}`, { method: 'DELETE' });
    assert.equal((registry.ledger.usage()[0]?.usedBytes ?? 0) > 0, true);
    await registry.storage.collectGarbage();
  }
  assert.equal(registry.ledger.usage()[0]?.usedBytes, 0);
  await pushBlob(registry, 'team/three', tooMuch);
});

test('two pushes at once do not pass a quota together', async () => {
  await using registry = await registryWith({ quotas: [{ repositories: ['**'], size: 1500 }] });
  const pushes = ['a', 'b', 'c'].map(async (name) => {
    const body = name.repeat(1000);
    const { status } = await registry.ask(`/v2/${name}/app/blobs/uploads/?digest=${digestOf(body)}`, {
      method: 'POST',
      body,
    });
    return status;
  });
  assert.deepEqual(
    (await Promise.all(pushes)).toSorted((a, b) => a - b),
    [201, 403, 403],
  );
});

test('a repository takes the media types that it is for', async () => {
  const allowed = ['application/vnd.oci.image.config.v1+json', 'application/vnd.example.sbom'];
  await using registry = await registryWith({ 'media-types': [{ repositories: ['apps/*'], allowed }] });
  await pushImage(registry, 'apps/one', { tag: 'a' });
  await pushImage(registry, 'apps/one', {
    tag: 'sbom',
    extra: { artifactType: 'application/vnd.example.sbom' },
  });
  const chart = makeManifest('{}', 'layer of a', { artifactType: 'application/vnd.cncf.helm' });
  const refused = await errorOf(await putManifest(registry, '/v2/apps/one/manifests/chart', chart));
  assert.deepEqual(refused, {
    status: 403,
    message: 'repository apps/one does not take application/vnd.cncf.helm',
  });
  await pushImage(registry, 'other/one', {
    tag: 'chart',
    extra: { artifactType: 'application/vnd.cncf.helm' },
  });
});

const wrongSettings: [value: unknown, said: RegExp][] = [
  [{ quotas: [{ repositories: ['**'] }] }, /rules.quotas\[0\].size: is missing/],
  [{ quotas: [{ repositories: ['**'], size: '-1' }] }, /rules.quotas\[0\].size: must be a number of bytes/],
  [{ quotas: [{ size: '1G' }] }, /rules.quotas\[0\].repositories: is missing/],
  [{ 'media-types': [{}] }, /allowed: is missing/],
  [{ 'immutable-tags': [{ tags: ['v1 '] }] }, /tags: "v1 " is not a pattern/],
  [{ immutable: [] }, /rules.immutable: is not known; known are immutable-tags, quotas, media-types/],
];

for (const [value, said] of wrongSettings) {
  test(`settings of rules are refused: ${said.source}`, () => {
    assert.throws(() => readRuleSettings(value), said);
  });
}
