import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { control, GrpcClient, GrpcError, gateway } from '@gantry/buildkit';
import { loadBusybox } from '../support/busybox-image.ts';
import { dockerPlugins, needsDockerPlugins } from '../support/docker-plugins.ts';
import type { Finished, RunOptions } from '../support/processes.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

let daemon: TestDaemon;
let directory: string;
before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  directory = mkdtempSync('/tmp/gantry-buildx-');
});
after(async () => {
  rmSync(directory, { recursive: true, force: true });
  await daemon[Symbol.asyncDispose]();
});

let contexts = 0;

/** A directory with these files. */
function context(files: Readonly<Record<string, string>>): string {
  const root = path.join(directory, `context-${contexts++}`);
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return root;
}

function docker(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return daemon.docker(args, { ...options, env: { DOCKER_CONFIG: dockerPlugins, ...options.env } });
}

/** What it printed, both ways. */
async function done(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await docker(args, options);
  assert.equal(exitCode, 0, stderr + stdout);
  return stdout + stderr;
}

async function failed(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { exitCode, stderr } = await docker(args, options);
  assert.notEqual(exitCode, 0);
  return stderr;
}

const plain = ['buildx', 'build', '--progress', 'plain'];

describe('docker build by buildx', needsDockerPlugins, () => {
  test('sends the directory, shows the steps, and takes from the cache what has not changed', async () => {
    const root = context({ Dockerfile: 'FROM mirror/busybox\nCOPY a /b\nRUN cat /b\n', a: 'content' });
    const first = await done(['build', '--progress', 'plain', '-t', 'one', root]);
    assert.match(first, /\[internal\] load build definition from Dockerfile/);
    assert.match(first, /\[2\/3\] COPY a \/b/);
    assert.match(first, /#\d+ [\d.]+ content/);
    assert.match(await done([...plain, root]), /\[3\/3\] RUN cat \/b\n#\d+ CACHED/);
    assert.equal(await done(['run', '--rm', 'one', 'cat', '/b']), 'content');
  });

  test('tells an id that names the image', async () => {
    const root = context({ Dockerfile: 'FROM mirror/busybox\nCMD ["echo", "by id"]\n' });
    const [idFile, metadataFile] = [path.join(directory, 'id'), path.join(directory, 'metadata')];
    const id = await done(['build', '-q', '--iidfile', idFile, '--metadata-file', metadataFile, root]);
    assert.equal(readFileSync(idFile, 'utf8'), id.trim());
    assert.equal(await done(['run', '--rm', id.trim()]), 'by id\n');
    assert.match(readFileSync(metadataFile, 'utf8'), /"containerimage.digest": "sha256:/);
  });

  test('leaves out what .dockerignore names, and what links lead to outside', async () => {
    const root = context({
      Dockerfile: 'FROM mirror/busybox\nCOPY . /all\nRUN ls -R /all\n',
      '.dockerignore': 'secret\n',
      secret: 'x',
      'deep/kept': 'y',
    });
    const output = await done([...plain, '--no-cache', root]);
    assert.match(output, /kept/);
    assert.doesNotMatch(output, /secret/);
  });

  test('shows the lines of the Dockerfile that failed', async () => {
    const at = async (dockerfile: string): Promise<string> =>
      await failed([...plain, context({ Dockerfile: dockerfile })]);
    const command = await at('FROM mirror/busybox\nRUN echo before\nRUN exit 3\n');
    assert.match(command, /Dockerfile:3\n-{20}\n(?:.*\n)*\s+3 \| >>> RUN exit 3\n/);
    assert.match(command, /process "\/bin\/sh -c exit 3" did not complete successfully: exit code: 3/);
    const word = await at('FROM mirror/busybox\nRUNN x\n');
    assert.match(word, />>> RUNN x/);
    assert.match(word, /dockerfile parse error on line 2: unknown instruction: RUNN \(did you mean RUN\?\)/);
    const source = await at('FROM mirror/busybox\nCOPY nothing /\n');
    assert.match(source, />>> COPY nothing \//);
    assert.match(source, /"\/nothing": not found/);
  });

  test('reads a Dockerfile and an archive from standard input', async () => {
    const text = 'FROM mirror/busybox\nRUN echo from stdin\n';
    assert.match(await done([...plain, '--no-cache', '-'], { stdin: text }), /from stdin/);
    const root = context({ a: 'beside' });
    const beside = 'FROM mirror/busybox\nCOPY a /\nRUN cat /a\n';
    assert.match(await done([...plain, '-f', '-', root], { stdin: beside }), /beside/);
  });

  test('lends secrets to RUN, which are in no layer', async () => {
    const root = context({
      Dockerfile: 'FROM mirror/busybox\nRUN --mount=type=secret,id=token wc -c < /run/secrets/token\n',
    });
    const file = path.join(directory, 'token');
    writeFileSync(file, 'eleven char');
    assert.match(await done([...plain, '-t', 'lent', '--secret', `id=token,src=${file}`, root]), /\b11\b/);
    assert.match(await done(['run', '--rm', 'lent', 'sh', '-c', 'ls /run/secrets || echo none']), /none/);
  });

  test('brings results to the client: files, a tar, an OCI archive', async () => {
    const root = context({ Dockerfile: 'FROM scratch\nCOPY a /x/a\n', a: 'out' });
    const out = path.join(directory, 'out');
    await done([...plain, '-o', out, root]);
    assert.equal(readFileSync(path.join(out, 'x/a'), 'utf8'), 'out');
    for (const type of ['tar', 'oci']) {
      const file = path.join(directory, `result.${type}`);
      await done([...plain, '-o', `type=${type},dest=${file}`, root]);
      assert.ok(readFileSync(file).length > 1024);
    }
  });

  test('ends with its client', async () => {
    const root = context({ Dockerfile: 'FROM mirror/busybox\nRUN echo running && sleep 4321\n' });
    const [command = '', ...words] = daemon.commandLine('docker');
    const child = spawn(command, [...words, ...plain, root], {
      env: { ...process.env, DOCKER_CONFIG: dockerPlugins },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until('the step runs', () => /[\d.]+ running/.test(output));
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number];
    assert.notEqual(code, 0);
    await until('the step is gone', () => !isRunning('sleep\u00004321\u0000'));
  });
});

/** Some process has this command line. */
function isRunning(commandLine: string): boolean {
  return readdirSync('/proc').some((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8') === commandLine;
    } catch {
      return false;
    }
  });
}

describe('docker buildx', needsDockerPlugins, () => {
  test('checks a Dockerfile and lists its targets without building', async () => {
    const root = context({ Dockerfile: 'FROM mirror/busybox AS base\nMAINTAINER me\nFROM base AS last\n' });
    assert.match(await done(['buildx', 'ls']), /running/);
    const env = { BUILDX_EXPERIMENTAL: '1' };
    assert.match(await done(['buildx', 'build', '--print', 'targets', root], { env }), /last \(default\)/);
    // Later versions of buildx end with the frontend's status, here 1.
    const lint = await docker(['buildx', 'build', '--print', 'lint', root], { env });
    assert.match(lint.stdout + lint.stderr, /MaintainerDeprecated/);
  });

  test('shows what the cache has, and prunes it', async () => {
    const root = context({ Dockerfile: 'FROM mirror/busybox\nRUN echo for the cache > /x\n' });
    await done([...plain, root]);
    assert.match(await done(['buildx', 'du']), /Reclaimable:\s+[1-9]/);
    assert.match(await done(['buildx', 'prune', '--all', '--force']), /Total:\s+[1-9]/);
    assert.match(await done(['buildx', 'du']), /Reclaimable:\s+0B/);
  });
});

describe('docker buildx bake', needsDockerPlugins, () => {
  test('builds targets that stand on each other from one directory', async () => {
    const root = context({
      'docker-bake.json': JSON.stringify({
        group: { default: { targets: ['base', 'app'] } },
        target: {
          base: { 'dockerfile-inline': 'FROM mirror/busybox\nCOPY a /a\n' },
          app: {
            contexts: { base: 'target:base' },
            'dockerfile-inline': 'FROM base\nRUN cat /a\n',
            tags: ['baked'],
          },
        },
      }),
      a: 'of base',
    });
    assert.match(await done(['buildx', 'bake', '--progress', 'plain'], { cwd: root }), /of base/);
    assert.equal(await done(['run', '--rm', 'baked', 'cat', '/a']), 'of base');
  });
});

describe('docker compose', needsDockerPlugins, () => {
  test('builds the images of its services', async () => {
    const root = context({
      'compose.yaml': [
        'services:',
        '  web:',
        '    build: .',
        '    image: composed',
        '  inline:',
        '    image: inlined',
        '    build:',
        '      context: .',
        '      dockerfile_inline: |',
        '        FROM mirror/busybox',
        '        CMD ["echo", "inline"]',
      ].join('\n'),
      Dockerfile: 'FROM mirror/busybox\nCOPY a /\nCMD ["cat", "/a"]\n',
      a: 'composed',
    });
    await done(['compose', 'build'], { cwd: root });
    assert.equal(await done(['run', '--rm', 'composed']), 'composed');
    assert.equal(await done(['run', '--rm', 'inlined']), 'inline\n');
  });
});

describe("BuildKit's protocol", () => {
  const calls = async (): Promise<GrpcClient> =>
    new GrpcClient(await daemon.api.upgrade({ method: 'POST', path: '/grpc' }, 'h2c'));
  const refused = (pattern: RegExp) => (error: unknown) =>
    error instanceof GrpcError && pattern.test(error.message);

  test('answers what clients that drive a build ask of images and of its result', async () => {
    const dockerfile =
      'FROM mirror/busybox\nRUN mkdir /d && echo told > /d/file && ln -s file /d/link && chown 3:4 /d/file\n';
    const server = createServer((_request, response) => response.end(dockerfile));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      using client = await calls();
      const options = { headers: { 'buildkit-controlapi-buildid': 'driven' } };
      const solving = client.unary(control.Control.solve, { ref: 'driven' });
      const { LLBBridge } = gateway;
      const frontendOpt = new Map([['context', `http://127.0.0.1:${port}/Dockerfile`]]);
      const request = { frontend: 'dockerfile.v0', frontendOpt, allowResultReturn: true };
      const { result } = await client.unary(LLBBridge.solve, request, options);
      const ref = result?.ref?.id ?? '';
      const read = await client.unary(LLBBridge.readFile, { ref, filePath: '/d/link' }, options);
      assert.equal(Buffer.from(read.data).toString(), 'told\n');
      const range = { offset: 1, length: 2 };
      const part = await client.unary(LLBBridge.readFile, { ref, filePath: 'd/file', range }, options);
      assert.equal(Buffer.from(part.data).toString(), 'ol');
      const { entries } = await client.unary(LLBBridge.readDir, { ref, dirPath: '/d' }, options);
      assert.deepEqual(
        entries.map(({ path: name, uid, gid, linkname }) => [name, uid, gid, linkname]),
        [
          ['file', 3, 4, ''],
          ['link', 0, 0, 'file'],
        ],
      );
      const { stat } = await client.unary(LLBBridge.statFile, { ref, path: '/d' }, options);
      assert.equal(stat?.mode, (0o20000000000 | 0o755) >>> 0);
      await assert.rejects(
        client.unary(LLBBridge.readFile, { ref, filePath: '/none' }, options),
        refused(/open \/none: no such file or directory/),
      );
      const image = await client.unary(LLBBridge.resolveImageConfig, { ref: 'mirror/busybox' }, options);
      const identifier = 'docker-image://mirror/busybox';
      const meta = await client.unary(LLBBridge.resolveSourceMeta, { source: { identifier } }, options);
      assert.equal(meta.image?.digest, image.digest);
      assert.equal(meta.source?.identifier, `docker-image://docker.io/mirror/busybox:latest@${image.digest}`);
      assert.equal((JSON.parse(Buffer.from(image.config).toString()) as { os: string }).os, 'linux');
      await assert.rejects(
        client.unary(LLBBridge.resolveSourceMeta, { source: { identifier: 'git://x' } }, options),
        refused(/a question about a source by git:\/\/ is not supported/),
      );
      await client.unary(LLBBridge.return, { result: { ref: { id: ref } } }, options);
      await solving;
    } finally {
      server.close();
    }
  });

  test('refuses graphs, and a session that does not come', async () => {
    using client = await calls();
    const definition = { def: [Buffer.from('x')] };
    await assert.rejects(client.unary(control.Control.solve, { ref: 'a', definition }), refused(/LLB/));
    await assert.rejects(
      client.unary(control.Control.solve, { ref: 'b', frontend: 'dockerfile.v0', session: 'nobody' }),
      refused(/no active session for nobody/),
    );
  });

  test('refuses source policies, which nobody would keep', async () => {
    using client = await calls();
    const sourcePolicy = { rules: [{ action: 1, selector: { identifier: 'docker-image://*' } }] };
    await assert.rejects(
      client.unary(control.Control.solve, { ref: 'd', frontend: 'dockerfile.v0', sourcePolicy }),
      refused(/a source policy is not supported yet/),
    );
  });

  test('refuses attributes and frontends that nobody knows, by name', async () => {
    using client = await calls();
    const solve = (frontend: string, attrs: Record<string, string>): Promise<unknown> =>
      client.unary(control.Control.solve, {
        ref: 'c',
        frontend,
        frontendAttrs: new Map(Object.entries(attrs)),
      });
    await assert.rejects(solve('dockerfile.v0', { shiny: 'x' }), refused(/'shiny' of a build/));
    await assert.rejects(
      solve('gateway.v0', { source: 'example.com/frontend' }),
      refused(/example.com\/frontend/),
    );
    await assert.rejects(solve('llb.v9', {}), refused(/frontend llb.v9 not found/));
  });

  test('remembers builds over a restart, with all that they told, until they are removed', async () => {
    const root = context({ Dockerfile: 'FROM mirror/busybox\nRUN echo remembered && false\n' });
    await daemon.gantry(['build', root]);
    await daemon.end('SIGKILL');
    await daemon.restart();
    assert.match((await daemon.gantry(['builder', 'history', 'ls'])).stdout, /Error/);
    const logs = await daemon.gantry(['builder', 'history', 'logs']);
    assert.match(logs.stdout + logs.stderr, /remembered[^]*did not complete successfully: exit code: 1/);
    await daemon.gantry(['builder', 'history', 'rm', '--all']);
    assert.doesNotMatch((await daemon.gantry(['builder', 'history', 'ls'])).stdout, /Error/);
  });

  test('outlives a client that sends no HTTP/2', async () => {
    const socket = await daemon.api.upgrade({ method: 'POST', path: '/grpc' }, 'h2c');
    socket.write('GET / HTTP/1.1\r\n\r\n'.repeat(20));
    await once(socket.resume(), 'end');
    socket.destroy();
    using client = await calls();
    assert.equal((await client.unary(control.Control.listWorkers, {})).record.length, 1);
  });
});
