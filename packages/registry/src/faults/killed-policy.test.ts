import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { systemClock } from '@gantry/base';
import {
  killsOf,
  makeManifest,
  openServed,
  passesIn,
  passesOf,
  problemsIn,
  pushBlob,
  pushImage,
  putManifest,
  registryRoot,
  Served,
  type TestManifest,
} from '../../testing/index.ts';
import { CertificateAuthority, RobotStore, UserFile } from '../index.ts';

const program = path.resolve(import.meta.dirname, '../../testing/change-until-killed.ts');

/** True when the change was acknowledged before the process ended. */
function isDone(directory: string, change: string, point: readonly string[] = []): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, directory, change, ...point], (_error, stdout) =>
      resolve(stdout === 'done\n'),
    );
  });
}

/** Something that is in a file of the policy or not, and can be put there and taken away. */
interface PolicyEntry {
  name: string;
  /** Throws when the file is no whole one. */
  isThere: (directory: string) => boolean;
  add: (directory: string) => unknown;
  remove: (directory: string) => unknown;
}

const usersOf = (directory: string): UserFile => new UserFile(path.join(directory, 'users'));
const robotsOf = (directory: string): RobotStore =>
  new RobotStore(path.join(directory, 'robots'), systemClock);
const rights = [{ repositories: ['**'], actions: ['pull'] }];

const entries: readonly PolicyEntry[] = [
  {
    name: 'user',
    isThere: (directory) => usersOf(directory).names().includes('ada'),
    add: (directory) => usersOf(directory).set('ada', 'long enough'),
    remove: (directory) => usersOf(directory).remove('ada'),
  },
  {
    name: 'robot',
    isThere: (directory) => robotsOf(directory).list().length === 1,
    add: (directory) => robotsOf(directory).set({ name: 'ci', rights }),
    remove: (directory) => robotsOf(directory).remove('ci'),
  },
];

/** Kills at each step of a change, done again and undone in this process. */
async function killAtEach(
  directory: string,
  change: string,
  { again, undo, isThere }: { again: () => unknown; undo: () => unknown; isThere: () => boolean },
): Promise<void> {
  const before = isThere();
  assert.equal(await isDone(directory, change, ['RECORD']), true);
  for (const kill of killsOf(passesIn(directory))) {
    await undo();
    assert.equal(isThere(), before);
    assert.equal(await isDone(directory, change, kill), false, kill[0]);
    // Whole, as it was or as it was to be, and whoever changes it next is not held up.
    isThere();
    await again();
    assert.equal(isThere(), !before, `${change} after ${kill[0]}`);
  }
}

describe('a change of policy whose process is killed', () => {
  for (const { name, isThere, add, remove } of entries) {
    test(`at any step of adding and removing a ${name} leaves the file whole, before or after it`, async () => {
      await using root = await registryRoot();
      mkdirSync(root.path);
      const there = (): boolean => isThere(root.path);
      const [put, take] = [(): unknown => add(root.path), (): unknown => remove(root.path)];
      await killAtEach(root.path, `add-${name}`, { again: put, undo: take, isThere: there });
      await killAtEach(root.path, `remove-${name}`, { again: take, undo: put, isThere: there });
    });
  }

  test('at any step of making an authority and a certificate leaves keys that belong to them', async () => {
    await using root = await registryRoot();
    mkdirSync(root.path);
    for (const change of ['create-authority', 'issue-certificate']) {
      for (let count = 1; ; count += 1) {
        const points = [
          'settings/written',
          'settings/renamed',
          'authority/key-written',
          'certificate/key-written',
        ];
        const ends = await Promise.all(points.map((point) => isDone(root.path, change, [point, `${count}`])));
        assertBelong(path.join(root.path, 'ca'));
        if (ends.every(Boolean) || count === 2) break;
      }
      await isDone(root.path, change);
      assertBelong(path.join(root.path, 'ca'));
    }
    const { validTo } = new CertificateAuthority(path.join(root.path, 'ca'), systemClock).info();
    assert.ok(validTo > new Date());
    assert.ok(existsSync(path.join(root.path, 'ca/registry.test.crt')));
  });

  test('changes at once are all kept', async () => {
    await using root = await registryRoot();
    mkdirSync(root.path);
    const names = Array.from({ length: 6 }, (_, index) => `user${index}`);
    const done = await Promise.all(names.map((name) => isDone(root.path, 'add-user', ['', '', name])));
    assert.ok(done.every(Boolean));
    assert.deepEqual(usersOf(root.path).names(), names);
  });
});

/** A certificate that is there is of the key that is there. */
function assertBelong(directory: string): void {
  for (const name of ['ca', 'registry.test']) {
    const [certificate, key] = ['crt', 'key'].map((kind) => path.join(directory, `${name}.${kind}`));
    if (certificate === undefined || key === undefined || !existsSync(certificate)) continue;
    const ofKey = createPublicKey(readFileSync(key)).export({ type: 'spki', format: 'pem' });
    const { publicKey } = new X509Certificate(readFileSync(certificate));
    assert.equal(publicKey.export({ type: 'spki', format: 'pem' }), ofKey, name);
  }
}

describe('a registry with rules whose process is killed', () => {
  test('at any step of a push keeps an immutable tag that was acknowledged, and counts what there is against the quota', async () => {
    const layer = 'x'.repeat(1000);
    const spare = 500;
    const size = 2 + layer.length + makeManifest('{}', layer).text.length + spare;
    const quotas = Array.from({ length: 10 }, (_, index) => ({
      repositories: [`r${index}`],
      size: `${size}`,
    }));
    const rules = { 'immutable-tags': [{ repositories: ['**'], tags: ['v*'] }], quotas };
    await using root = await registryRoot({ rules });
    const push = (registry: Pick<Served, 'ask'>, repository: string): Promise<TestManifest> =>
      pushImage(registry, repository, { tag: 'v1', layer });
    const kills = killsOf(await passesOf(root.path, (registry) => push(registry, 'first')));
    for (const [index, kill] of kills.entries()) {
      const repository = `r${index}`;
      let isAcknowledged = false;
      {
        await using registry = await Served.start(root.path, kill);
        isAcknowledged = await push(registry, repository).then(
          () => true,
          () => false,
        );
      }
      assert.deepEqual(await problemsIn(root.path), []);
      await using registry = await openServed(root.path);
      const { text } = makeManifest('{}', layer);
      if (isAcknowledged) assert.equal(await textOf(registry, repository), text);
      await push(registry, repository);
      const other = makeManifest('{}', layer, { annotations: { other: 'true' } });
      const refused = await putManifest(registry, `/v2/${repository}/manifests/v1`, other);
      assert.equal(refused.status, 409, kill[0]);
      assert.equal(await textOf(registry, repository), text);
      await assert.rejects(pushBlob(registry, repository, 'y'.repeat(spare + 1)), /: 403/, kill[0]);
      await pushBlob(registry, repository, 'y'.repeat(spare));
    }
  });

  test('at any step of retention keeps what the rules keep, and removes the rest the next time', async () => {
    const settings = {
      rules: { 'immutable-tags': [{ repositories: ['**'], tags: ['v*'] }] },
      retention: { rules: [{ repositories: ['**'], 'keep-last': 1, 'remove-untagged-after': '1ms' }] },
    };
    const tags = ['a', 'b', 'c', 'v1', 'last'];
    const prepare = async (registry: Pick<Served, 'ask'>, repository: string): Promise<void> => {
      for (const tag of tags) await pushImage(registry, repository, { tag, layer: `${repository} ${tag}` });
    };
    const retain = async (registry: Pick<Served, 'ask'>): Promise<void> => {
      const { status } = await registry.ask('/api/v1/retention', { method: 'POST' });
      assert.equal(status, 200);
    };
    await using root = await registryRoot(settings);
    const passes = await passesOf(root.path, async (registry) => {
      await prepare(registry, 'r');
      await retain(registry);
    });
    const kills = killsOf(passes).filter(([point]) => point.startsWith('retention/'));
    assert.deepEqual(kills.map(([point]) => point).sort(), [
      'retention/manifest-removed',
      'retention/tag-removed',
    ]);
    for (const [index, [point, last]] of kills.entries()) {
      for (const count of new Set(['1', last])) {
        const repository = `r${index}-${count}`;
        {
          await using registry = await openServed(root.path);
          await prepare(registry, repository);
        }
        {
          await using registry = await Served.start(root.path, [point, count]);
          await assert.rejects(retain(registry));
        }
        assert.deepEqual(await problemsIn(root.path), []);
        await using registry = await openServed(root.path);
        await retain(registry);
        const listed = (await (await registry.ask(`/v2/${repository}/tags/list`)).json()) as {
          tags: string[];
        };
        assert.deepEqual(listed.tags, ['last', 'v1'], `${point} ${count}`);
        assert.equal((await registry.ask(`/v2/${repository}/manifests/v1`)).status, 200);
      }
    }
  });
});

async function textOf(registry: Pick<Served, 'ask'>, repository: string): Promise<string> {
  return (await registry.ask(`/v2/${repository}/manifests/v1`)).text();
}
