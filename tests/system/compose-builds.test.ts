import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hostPlatform } from '@gantry/oci';
import { loadBusybox } from '../support/busybox-image.ts';
import { dockerPlugins, needsDockerPlugins } from '../support/docker-plugins.ts';
import { DockerRegistry } from '../support/docker-registry.ts';
import { freePort } from '../support/free-port.ts';
import type { RunOptions } from '../support/processes.ts';
import { TestDaemon } from '../support/test-daemon.ts';

let daemon: TestDaemon;
let directory: string;
let contexts = 0;
before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  directory = mkdtempSync('/tmp/gantry-compose-builds-');
});
after(async () => {
  rmSync(directory, { recursive: true, force: true });
  await daemon[Symbol.asyncDispose]();
});

function project(files: Readonly<Record<string, string>>): string {
  const root = path.join(directory, `project-${contexts++}`);
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return root;
}

/** What docker printed, both ways. */
async function docker(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const finished = await daemon.docker(args, { env: { DOCKER_CONFIG: dockerPlugins }, ...options });
  assert.equal(finished.exitCode, 0, finished.stderr + finished.stdout);
  return finished.stdout + finished.stderr;
}

describe('docker compose build', needsDockerPlugins, () => {
  test('takes further contexts, secrets, agents, arguments, a target, a platform, labels and caches', async () => {
    const { os, architecture } = hostPlatform();
    const cache = path.join(directory, 'compose-cache');
    const root = project({
      'compose.yaml': `services:
  app:
    image: compose/app
    build:
      context: app
      target: chosen
      args: { WHO: composed }
      labels: { kind: whole }
      platforms: [${os}/${architecture}]
      extra_hosts: ["elsewhere=192.0.2.7"]
      additional_contexts:
        more: ./more
        base: docker-image://mirror/busybox
      secrets: [token]
      ssh: ["agent=${directory}/agent.sock"]
      cache_to: ["type=local,dest=${cache}"]
      cache_from: ["type=local,src=${cache}"]
secrets:
  token: { file: ./token }
`,
      token: 'hush',
      'more/extra': 'of another directory\n',
      'app/Dockerfile': `FROM base AS chosen
ARG WHO
COPY --from=more extra /extra
RUN --mount=type=secret,id=token test $(cat /run/secrets/token) = hush
RUN --mount=type=ssh,id=agent test -S "$SSH_AUTH_SOCK"
RUN echo $WHO > /who && grep elsewhere /etc/hosts >> /who
FROM scratch AS other
`,
    });
    const agent = createServer().listen(path.join(directory, 'agent.sock'));
    try {
      await docker(['compose', 'build'], { cwd: root });
    } finally {
      agent.close();
    }
    assert.equal(
      await daemon.ok('run', '--rm', 'compose/app', 'cat', '/extra', '/who'),
      'of another directory\ncomposed\n192.0.2.7\telsewhere',
    );
    assert.match(
      await daemon.ok('image', 'inspect', '-f', '{{json .Config.Labels}}', 'compose/app'),
      /"kind":"whole"/,
    );
    assert.match(readFileSync(path.join(cache, 'index.json'), 'utf8'), /sha256:/);
  });
});

describe('docker buildx bake', needsDockerPlugins, () => {
  test('builds a matrix of targets that inherit, with variables, functions and overrides', async () => {
    const root = project({
      'docker-bake.hcl': `variable "TAG" { default = "dev" }
function "tagged" {
  params = [name]
  result = ["bake/\${name}:\${TAG}"]
}
group "default" { targets = ["app"] }
target "_common" {
  args = { LEVEL = "low" }
  labels = { made = "by bake" }
}
target "app" {
  inherits = ["_common"]
  name = "app-\${kind}"
  matrix = { kind = ["one", "two"] }
  args = { KIND = kind }
  tags = tagged(kind)
  dockerfile-inline = <<EOT
FROM mirror/busybox
ARG KIND LEVEL
RUN echo $KIND $LEVEL > /said
EOT
}
`,
    });
    const printed = await docker(['buildx', 'bake', '--print'], { cwd: root });
    assert.match(printed, /"app-one"/);
    const env = { DOCKER_CONFIG: dockerPlugins, TAG: 'test' };
    await docker(['buildx', 'bake', '--progress', 'plain', '--set', 'app-two.args.LEVEL=high'], {
      cwd: root,
      env,
    });
    assert.equal(await daemon.ok('run', '--rm', 'bake/one:test', 'cat', '/said'), 'one low');
    assert.equal(await daemon.ok('run', '--rm', 'bake/two:test', 'cat', '/said'), 'two high');
    assert.equal(
      await daemon.ok('image', 'inspect', '-f', '{{.Config.Labels.made}}', 'bake/two:test'),
      'by bake',
    );
  });
});

describe('a registry with a login', needsDockerPlugins, () => {
  test('gives base images, takes results and caches, by the credentials of who builds alone', async () => {
    const port = await freePort();
    await using registry = await DockerRegistry.start(path.join(directory, 'registry'), port, {
      user: 'someone',
    });
    const config = path.join(directory, 'config');
    mkdirSync(config);
    const auth = Buffer.from('someone:secret').toString('base64');
    writeFileSync(
      path.join(config, 'config.json'),
      JSON.stringify({
        auths: { [registry.host]: { auth } },
        cliPluginsExtraDirs: [path.join(dockerPlugins, 'cli-plugins')],
      }),
    );
    const name = `${registry.host}/private/base:1`;
    await daemon.ok('tag', 'mirror/busybox', name);
    await docker(['push', name], { env: { DOCKER_CONFIG: config } });
    await daemon.ok('rmi', name);
    const root = project({ Dockerfile: `FROM ${name}\nRUN echo derived > /derived\n` });
    const refs = { image: `${registry.host}/private/app:1`, cache: `${registry.host}/private/cache:1` };
    const words = ['--push', '-t', refs.image, '--cache-to', `type=registry,ref=${refs.cache},mode=max`];
    for (const program of ['gantry', 'docker'] as const) {
      const build = program === 'gantry' ? ['build'] : ['buildx', 'build'];
      const stranger = await daemon[program]([...build, root], {
        env: { DOCKER_CONFIG: program === 'gantry' ? path.join(directory, 'nobody') : dockerPlugins },
      });
      assert.notEqual(stranger.exitCode, 0);
      assert.match(stranger.stderr, /failed to resolve source metadata for .*private\/base:1/);
      const own = await daemon[program]([...build, '--pull', ...words, root], {
        env: { DOCKER_CONFIG: config },
      });
      assert.equal(own.exitCode, 0, own.stderr);
      await daemon.ok('rmi', refs.image);
      await daemon.gantry(['rmi', name]);
      await daemon.ok('builder', 'prune', '-af');
      const from = ['--cache-from', `type=registry,ref=${refs.cache}`, '--progress', 'plain'];
      const again = await daemon[program]([...build, ...from, '-t', 'derived', root], {
        env: { DOCKER_CONFIG: config },
      });
      assert.equal(again.exitCode, 0, again.stderr);
      assert.match(again.stderr, /RUN echo derived > \/derived\n#\d+ CACHED/);
      await daemon.ok('rmi', 'derived');
      await daemon.gantry(['rmi', name]);
      await daemon.ok('builder', 'prune', '-af');
    }
  });
});
