import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { DockerRegistry } from '../support/docker-registry.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
let daemon: TestDaemon;
let open: DockerRegistry;
let guarded: DockerRegistry;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  open = await DockerRegistry.start(path.join(daemon.root, 'open'), 5801);
  guarded = await DockerRegistry.start(path.join(daemon.root, 'guarded'), 5802, { user: 'me' });
});
after(async () => {
  await open[Symbol.asyncDispose]();
  await guarded[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
});

/** A registry that has nothing but Docker's search. */
async function startSearch(): Promise<{ host: string; asked: string[] } & AsyncDisposable> {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    if (url.startsWith('/v1/search')) asked.push(url);
    const results = [
      { name: 'team/app', description: 'what it does', star_count: 7, is_official: true },
      { name: 'app', description: '', star_count: 1, is_official: false },
    ];
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(url.startsWith('/v1/search') ? { results } : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A directory of the client's own. */
function configDirectory(name: string): string {
  const directory = path.join(daemon.root, name);
  mkdirSync(directory);
  return directory;
}

for (const program of programs) {
  describe(`by ${program}`, () => {
    const run = (...args: string[]): ReturnType<TestDaemon['docker']> => daemon[program](args);
    const ok = async (...args: string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await run(...args);
      assert.equal(exitCode, 0, `${args.join(' ')}: ${stderr}`);
      return stdout;
    };

    test('an image that was pushed is pulled again, and runs', async () => {
      const name = `${open.host}/team/${program}:v1`;
      await ok('tag', image, name);
      const pushed = await ok('push', name);
      assert.match(pushed, new RegExp(`The push refers to repository \\[${open.host}/team/${program}\\]`));
      const digest = /v1: digest: (sha256:[0-9a-f]{64}) size: \d+/.exec(pushed)?.[1];
      assert.ok(digest, pushed);
      assert.match(await ok('push', name), /Layer already exists/);
      await ok('rmi', name);
      const pulled = await ok('pull', name);
      assert.match(
        pulled,
        new RegExp(`Digest: ${digest}\nStatus: (Downloaded newer image|Image is up to date) for ${name}\n`),
      );
      const repository = name.replace(/:v1$/, '');
      const digests: string[] = JSON.parse(await ok('inspect', '-f', '{{json .RepoDigests}}', name));
      assert.ok(digests.includes(`${repository}@${digest}`), String(digests));
      assert.equal(
        await ok('run', '--rm', '--network', 'none', `${repository}@${digest}`, 'echo', 'hi'),
        'hi\n',
      );
      assert.match(
        await ok('pull', `${repository}@${digest}`),
        new RegExp(`Image is up to date for ${repository}@${digest}`),
      );
      await ok('rmi', name);
    });

    test('what is not there, and what may not be had, is told in Docker’s words', async () => {
      const unknown = await run('pull', `${open.host}/team/nothing:v9`);
      assert.equal(unknown.exitCode, 1);
      assert.match(
        unknown.stderr,
        new RegExp(`manifest for ${open.host}/team/nothing:v9 not found: manifest unknown`),
      );
      const untagged = await run('push', `${open.host}/team/nothing`);
      assert.match(untagged.stderr + untagged.stdout, /An image does not exist locally with the tag: 127/);
      const denied = await run('pull', `${guarded.host}/x`);
      assert.equal(denied.exitCode, 1);
      assert.match(denied.stderr, /no basic auth credentials|pull access denied/);
      const closed = await run('pull', '127.0.0.1:9/x');
      assert.match(closed.stderr, /127\.0\.0\.1:9.*refused/i);
    });

    test('who logged in may push and pull, until the logout', async () => {
      const env = { DOCKER_CONFIG: configDirectory(`config-${program}`) };
      const name = `${guarded.host}/team/${program}:v1`;
      await ok('tag', image, name);
      const login = (password: string): ReturnType<TestDaemon['docker']> =>
        daemon[program](['login', '-u', 'me', '--password-stdin', guarded.host], { env, stdin: password });
      const wrong = await login('wrong');
      assert.equal(wrong.exitCode, 1);
      assert.match(wrong.stderr, /login attempt to http:.* failed with status: 401 Unauthorized/);
      const right = await login('secret\n');
      assert.match(right.stdout, /Login Succeeded/);
      assert.match(right.stderr, /stored unencrypted in/);
      const stored = JSON.parse(readFileSync(path.join(env.DOCKER_CONFIG, 'config.json'), 'utf8'));
      assert.deepEqual(stored.auths, {
        [guarded.host]: { auth: Buffer.from('me:secret').toString('base64') },
      });
      const refused = await run('push', name);
      assert.equal(refused.exitCode, 1, refused.stdout);
      for (const verb of ['push', 'pull']) {
        const { exitCode, stderr } = await daemon[program]([verb, name], { env });
        assert.equal(exitCode, 0, stderr);
      }
      const logout = await daemon[program](['logout', guarded.host], { env });
      assert.equal(logout.stdout, `Removing login credentials for ${guarded.host}\n`);
      assert.equal((await daemon[program](['pull', name], { env })).exitCode, 1);
      await ok('rmi', name);
    });

    test('repositories are searched for where the registry has a search', async () => {
      await using searched = await startSearch();
      const [name, ...more] = (
        await ok('search', '--format', '{{.Name}} {{.StarCount}}', `${searched.host}/app`)
      )
        .trim()
        .split('\n');
      assert.deepEqual([name, more], ['team/app 7', ['app 1']]);
      const starred = await ok('search', '--filter', 'stars=2', '--limit', '5', `${searched.host}/app`);
      assert.match(starred, /^NAME +DESCRIPTION +STARS +OFFICIAL.*\nteam\/app +what it does +7 +\[OK\].*\n$/);
      assert.deepEqual(searched.asked.at(-1), '/v1/search?q=app&n=5');
      const without = await run('search', `${open.host}/app`);
      assert.equal(without.exitCode, 1);
      assert.match(without.stderr, /cannot be searched|Unexpected status code 404/);
      const wrong = await run('search', '--filter', 'stars=many', `${searched.host}/app`);
      assert.match(wrong.stderr, /nvalid filter 'stars=\[?many\]?'/);
    });

    test('all tags are pushed and pulled', async () => {
      const repository = `${open.host}/all/${program}`;
      for (const tag of ['a', 'b', 'c']) await ok('tag', image, `${repository}:${tag}`);
      await ok('push', '-a', repository);
      for (const tag of ['a', 'b', 'c']) await ok('rmi', `${repository}:${tag}`);
      await ok('pull', '-a', repository);
      const tags = await ok('images', '--format', '{{.Tag}}', repository);
      assert.deepEqual(tags.trim().split('\n').sort(), ['a', 'b', 'c']);
      for (const tag of ['a', 'b', 'c']) await ok('rmi', `${repository}:${tag}`);
    });
  });
}

if (peer === undefined) {
  test('a pull survives the end of the engine: nothing half done is left, and it can be done again', async () => {
    const name = `${open.host}/again/x:1`;
    await daemon.ok('tag', image, name);
    await daemon.ok('push', name);
    await daemon.ok('rmi', name);
    await daemon.end('SIGKILL');
    await daemon.restart();
    await daemon.ok('pull', name);
    assert.equal((await daemon.gantry(['system', 'fsck'])).exitCode, 0);
  });
}
