import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { dockerPlugins, needsDockerPlugins } from '../support/docker-plugins.ts';
import { freePort } from '../support/free-port.ts';
import { GantryRegistry } from '../support/gantry-registry.ts';
import { TestDaemon } from '../support/test-daemon.ts';

let daemon: TestDaemon;
let directory: string;
before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  directory = mkdtempSync('/tmp/gantry-caches-');
  mkdirSync(path.join(directory, 'context'));
  writeFileSync(
    path.join(directory, 'context/Dockerfile'),
    `FROM mirror/busybox AS made
RUN cat /proc/sys/kernel/random/uuid > /made
FROM mirror/busybox
COPY --from=made /made /kept
RUN --mount=type=secret,id=word,required=true wc -c < /run/secrets/word > /size
CMD ["cat", "/kept", "/size"]
`,
  );
});
after(async () => {
  rmSync(directory, { recursive: true, force: true });
  await daemon[Symbol.asyncDispose]();
});

async function docker(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await daemon.docker(args, {
    env: { DOCKER_CONFIG: dockerPlugins, WORD: 'secret' },
  });
  assert.equal(exitCode, 0, stderr + stdout);
  return stdout + stderr;
}

describe('docker buildx build with caches of its own', needsDockerPlugins, () => {
  test('writes a cache to a directory and goes on from it when the engine has forgotten', async () => {
    await goesOn(
      `type=local,dest=${path.join(directory, 'cache')},mode=max`,
      `type=local,src=${path.join(directory, 'cache')}`,
    );
  });

  test('does so by a registry', async () => {
    await using registry = await GantryRegistry.start(path.join(directory, 'registry'), await freePort());
    const ref = `${registry.host}/caches/one:latest`;
    await goesOn(`type=registry,ref=${ref},mode=max`, `type=registry,ref=${ref}`);
  });

  test('does so by the cache that an image of a registry has within it', async () => {
    await using registry = await GantryRegistry.start(path.join(directory, 'inline'), await freePort());
    const context = path.join(directory, 'one-stage');
    mkdirSync(context);
    writeFileSync(
      path.join(context, 'Dockerfile'),
      'FROM mirror/busybox\nRUN cat /proc/sys/kernel/random/uuid > /made\nENV A=b\nCMD ["cat", "/made"]\n',
    );
    for (const [name, ...option] of [
      ['option', '--cache-to', 'type=inline'],
      ['argument', '--build-arg', 'BUILDKIT_INLINE_CACHE=1'],
    ]) {
      const image = `${registry.host}/images/${name}`;
      await docker('buildx', 'build', '--push', '-t', image, ...option, '--no-cache', context);
      await docker('pull', image);
      const first = await docker('run', '--rm', image);
      await docker('rmi', image);
      await docker('builder', 'prune', '-af');
      const from = ['--cache-from', image];
      const told = await docker('buildx', 'build', '--progress', 'plain', '-t', 'second', ...from, context);
      assert.match(told, /CACHED/);
      assert.equal(await docker('run', '--rm', 'second'), first);
      await docker('rmi', 'second');
    }
  });

  test('says that a cache which is not there is not there, and builds', async () => {
    await using registry = await GantryRegistry.start(path.join(directory, 'empty'), await freePort());
    const from = `type=registry,ref=${registry.host}/nothing`;
    const told = await docker(
      'buildx',
      'build',
      '--progress',
      'plain',
      '--cache-from',
      from,
      '--secret',
      'id=word,env=WORD',
      path.join(directory, 'context'),
    );
    assert.match(told, /importing cache manifest from .*\n(?:.*\n)*#\d+ ERROR: .*nothing/);
  });
});

async function goesOn(cacheTo: string, cacheFrom: string): Promise<void> {
  const context = path.join(directory, 'context');
  const build = (...args: string[]): Promise<string> =>
    docker('buildx', 'build', '--progress', 'plain', '--secret', 'id=word,env=WORD', ...args, context);
  await build('-t', 'first', '--cache-to', cacheTo);
  const first = await docker('run', '--rm', 'first');
  await docker('rmi', 'first');
  await docker('builder', 'prune', '-af');
  const told = await build('-t', 'second', '--cache-from', cacheFrom);
  assert.match(told, /importing cache manifest/);
  assert.match(told, /CACHED/);
  assert.equal(await docker('run', '--rm', 'second'), first);
  assert.match(first, /\n6\n$/);
  await docker('rmi', 'second');
}
