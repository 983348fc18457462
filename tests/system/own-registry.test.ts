import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { GantryRegistry } from '../support/gantry-registry.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
const port = 5803;
let daemon: TestDaemon;
let registry: GantryRegistry;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  registry = await GantryRegistry.start(path.join(daemon.root, 'own-registry'), port);
});
after(async () => {
  await registry[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
});

function ask(target: string, options?: RequestInit): Promise<Response> {
  return fetch(`http://${registry.host}${target}`, options);
}

for (const program of programs) {
  describe(`our registry, by ${program}`, () => {
    const run = (...args: string[]): ReturnType<TestDaemon['docker']> => daemon[program](args);
    const ok = async (...args: string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await run(...args);
      assert.equal(exitCode, 0, `${args.join(' ')}: ${stderr}`);
      return stdout;
    };

    test('an image that was pushed is pulled again, and runs', async () => {
      const name = `${registry.host}/team/${program}:v1`;
      await ok('tag', image, name);
      const pushed = await ok('push', name);
      const digest = /v1: digest: (sha256:[0-9a-f]{64}) size: \d+/.exec(pushed)?.[1];
      assert.ok(digest, pushed);
      assert.match(await ok('push', name), /Layer already exists/);
      await ok('rmi', name);
      assert.match(await ok('pull', name), new RegExp(`Digest: ${digest}`));
      const byDigest = `${registry.host}/team/${program}@${digest}`;
      assert.equal(await ok('run', '--rm', '--network', 'none', byDigest, 'echo', 'hi'), 'hi\n');
      const { tags } = (await (await ask(`/v2/team/${program}/tags/list`)).json()) as { tags: string[] };
      assert.deepEqual(tags, ['v1']);
      await ok('rmi', name);
    });

    test('a layer that another repository has is taken over from there', async () => {
      const [from, to] = ['one', 'two'].map((word) => `${registry.host}/mount/${program}-${word}:v1`);
      assert.ok(from !== undefined && to !== undefined);
      await ok('tag', image, from);
      await ok('push', from);
      await ok('tag', image, to);
      assert.match(await ok('push', to), new RegExp(`Mounted from mount/${program}-one`));
      await ok('rmi', from, to);
    });

    test('all tags are pushed and pulled, and a removed one is not there', async () => {
      const repository = `${registry.host}/all/${program}`;
      for (const tag of ['a', 'b', 'c']) await ok('tag', image, `${repository}:${tag}`);
      await ok('push', '-a', repository);
      for (const tag of ['a', 'b', 'c']) await ok('rmi', `${repository}:${tag}`);
      const removed = await ask(`/v2/all/${program}/manifests/b`, { method: 'DELETE' });
      assert.equal(removed.status, 202);
      await ok('pull', '-a', repository);
      const tags = await ok('images', '--format', '{{.Tag}}', repository);
      assert.deepEqual(tags.trim().split('\n').sort(), ['a', 'c']);
      assert.match((await run('pull', `${repository}:b`)).stderr, /manifest unknown/);
      for (const tag of ['a', 'c']) await ok('rmi', `${repository}:${tag}`);
    });
  });
}

test('what was pushed is there when the registry was killed, and after the collection of garbage', async () => {
  const name = `${registry.host}/lasting/app:v1`;
  const data = path.join(registry.directory, 'data');
  await daemon.ok('tag', image, name);
  await daemon.ok('push', name);
  await daemon.ok('rmi', name);
  await registry.end('SIGKILL');
  const { exitCode, stdout } = await daemon.gantry(['registry', 'gc', '--root', data]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /removed 0 blobs \(0 bytes\)/);
  const checked = await daemon.gantry(['registry', 'fsck', '--content', '--root', data]);
  assert.equal(checked.exitCode, 0, checked.stdout + checked.stderr);
  await registry.restart();
  await daemon.ok('pull', name);
  assert.equal(await daemon.ok('run', '--rm', '--network', 'none', name, 'echo', 'hi'), 'hi');
  const busy = await daemon.gantry(['registry', 'gc', '--root', data]);
  assert.equal(busy.exitCode, 1);
  assert.match(busy.stderr, /a registry runs over/);
});

test('an engine gets what Docker Hub has by a registry of ours that is its mirror and caches', async () => {
  const there = `${registry.host}/library/only-there:1`;
  await daemon.ok('tag', image, there);
  await daemon.ok('push', there);
  await daemon.ok('rmi', there);
  const cache = [{ registry: registry.host, insecure: true }];
  await using near = await GantryRegistry.start(path.join(daemon.root, 'mirror'), 5804, { cache });
  await using other = await TestDaemon.start(['--registry-mirror', `http://${near.host}`]);
  await other.ok('pull', 'only-there:1');
  assert.equal(await other.ok('run', '--rm', '--network', 'none', 'only-there:1', 'echo', 'hi'), 'hi');
  const { repositories } = (await (await fetch(`http://${near.host}/v2/_catalog`)).json()) as {
    repositories: string[];
  };
  assert.deepEqual(repositories, ['library/only-there']);
});

if (peer === undefined) {
  test('an engine and a registry on one file system keep what both have once', async () => {
    const flags = ['--shared-content', registry.contentDirectory];
    await using other = await TestDaemon.start(flags);
    const name = `${registry.host}/shared/app:v1`;
    await daemon.ok('tag', image, name);
    await daemon.ok('push', name);
    await other.ok('pull', name);
    assert.equal(await other.ok('run', '--rm', '--network', 'none', name, 'echo', 'hi'), 'hi');
    const manifest = (await (await ask('/v2/shared/app/manifests/v1')).json()) as {
      layers: { digest: string }[];
    };
    const file = `blobs/sha256/${(manifest.layers[0]?.digest ?? '').replace('sha256:', '')}`;
    const [theirs, ours] = [
      path.join(registry.contentDirectory, file),
      path.join(other.dataRoot, 'content', file),
    ];
    assert.equal(statSync(ours).ino, statSync(theirs).ino);
    await daemon.ok('rmi', name);
  });
}
