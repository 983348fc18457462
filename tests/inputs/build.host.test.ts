import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { dockerPlugins } from '../support/docker-plugins.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const suite = 'bookworm';
const base = `mirror/debian:${suite}`;
/** A distribution comes over the network, and is configured: that takes as long as the machine is slow. */
const longestMs = 280_000;
const timeout = { timeout: longestMs };
let daemon: TestDaemon;
let directory: string;
before(async () => {
  directory = mkdtempSync('/tmp/gantry-inputs-');
  daemon = await TestDaemon.start();
  const pulled = await daemon.gantry(['pull', base], { timeoutMs: longestMs });
  assert.equal(pulled.exitCode, 0, pulled.stderr);
}, timeout);
after(async () => {
  await daemon[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
}, timeout);

const install = (...packages: string[]): string =>
  `RUN apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends ${packages.join(' ')} >/dev/null && rm -r /var/lib/apt/lists/*`;

/** A directory with a Dockerfile and files. */
function context(name: string, dockerfile: string, files: Readonly<Record<string, string>> = {}): string {
  const root = path.join(directory, name);
  mkdirSync(root, { recursive: true });
  for (const [file, text] of Object.entries({ ...files, Dockerfile: dockerfile }))
    writeFileSync(path.join(root, file), text);
  return root;
}

/** By our CLI and docker's, both with one archive to the API, and by buildx over a session. */
type Way = 'gantry' | 'docker' | 'buildx';
const ways: readonly Way[] = ['gantry', 'docker', 'buildx'];

/** Builds one way, and the others from the cache: the same image, whoever asks. */
async function build(name: string, root: string, first: Way, flags: readonly string[] = []): Promise<void> {
  const images: string[] = [];
  for (const way of ways.toSorted((a, b) => Number(b === first) - Number(a === first))) {
    const words = way === 'buildx' ? ['buildx', 'build', '--provenance=false'] : ['build'];
    const env: Record<string, string> =
      way === 'buildx' ? { DOCKER_CONFIG: dockerPlugins } : { DOCKER_BUILDKIT: '0' };
    const args = [...words, '-q', '-t', name, ...flags, root];
    const built = await daemon[way === 'gantry' ? 'gantry' : 'docker'](args, { env, timeoutMs: longestMs });
    assert.equal(built.exitCode, 0, built.stdout + built.stderr);
    images.push(await daemon.ok('image', 'inspect', '-f', '{{json .RootFS}} {{json .Config}}', name));
  }
  assert.equal(new Set(images).size, 1, images.join('\n'));
}

/** Runs it in the background until `probe` succeeds in it; returns what that printed. */
async function answers(image: string, probe: readonly string[]): Promise<string> {
  const id = await daemon.ok('run', '-d', image);
  let answer = '';
  await until('the server answers', async () => {
    const finished = await daemon.gantry(['exec', id, ...probe]);
    answer = finished.stdout;
    if ((await daemon.ok('inspect', '-f', '{{.State.Running}}', id)) !== 'true')
      assert.fail(await daemon.ok('logs', id));
    return finished.exitCode === 0;
  });
  await daemon.ok('rm', '-f', id);
  return answer.trim();
}

test('nginx serves a page', timeout, async () => {
  const root = context(
    'nginx',
    `FROM ${base}
${install('nginx-light', 'curl')}
COPY page.html /var/www/html/index.html
EXPOSE 80
CMD ["nginx", "-g", "daemon off;"]
`,
    { 'page.html': 'a page\n' },
  );
  await build('real/nginx', root, 'gantry');
  assert.equal(await answers('real/nginx', ['curl', '-fsS', 'http://127.0.0.1/']), 'a page');
});

test('redis answers', timeout, async () => {
  const root = context(
    'redis',
    `FROM ${base}\n${install('redis-server')}\nUSER redis\nCMD ["redis-server"]\n`,
  );
  await build('real/redis', root, 'buildx');
  assert.equal(await answers('real/redis', ['redis-cli', 'ping']), 'PONG');
});

test('PostgreSQL accepts a query', timeout, async () => {
  const root = context(
    'postgres',
    `FROM ${base}
${install('postgresql')}
USER postgres
ENV PATH=/usr/lib/postgresql/15/bin:$PATH
RUN initdb -D /tmp/data >/dev/null
VOLUME /tmp/data
STOPSIGNAL SIGINT
CMD ["postgres", "-D", "/tmp/data", "-k", "/tmp"]
`,
  );
  await build('real/postgres', root, 'gantry');
  assert.equal(await answers('real/postgres', ['psql', '-h', '/tmp', '-Atc', 'SELECT 6 * 7']), '42');
});

test('a C program is compiled in one stage and runs alone in another', timeout, async () => {
  const root = context(
    'c',
    `FROM ${base} AS compiler
${install('gcc', 'libc6-dev')}
COPY hello.c /
RUN gcc -O2 -static -o /hello /hello.c
FROM scratch
COPY --from=compiler /hello /hello
ENTRYPOINT ["/hello"]
`,
    { 'hello.c': '#include <stdio.h>\nint main(void) { puts("hello from scratch"); return 0; }\n' },
  );
  await build('real/c', root, 'docker');
  assert.equal(await daemon.ok('run', '--rm', 'real/c'), 'hello from scratch');
});

test(
  'a Node.js application is put together in one stage, by a cache of packages, and runs in another',
  timeout,
  async () => {
    const setting = (name: string): string => execFileSync('npm', ['config', 'get', name]).toString().trim();
    const dockerfile = `FROM ${base} AS node
${install('nodejs', 'ca-certificates')}
FROM node AS packages
ARG REGISTRY
COPY npm /opt/npm
COPY ca.pem /opt/ca.pem
WORKDIR /app
COPY package.json .
RUN --mount=type=cache,target=/root/.npm NODE_EXTRA_CA_CERTS=/opt/ca.pem node /opt/npm/bin/npm-cli.js install --registry=$REGISTRY --no-audit --no-fund --omit=dev && ls /root/.npm/_cacache >/dev/null
FROM node
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY server.js .
CMD ["node", "server.js"]
`;
    const server = `const ms = require('ms');
require('node:http').createServer((request, response) => response.end(String(ms('2 days')))).listen(8000);
`;
    const root = context('node', dockerfile, {
      'server.js': server,
      'package.json': '{"name":"app","private":true,"dependencies":{"ms":"2.1.3"}}',
      'ca.pem': '',
    });
    const authorities = process.env['NODE_EXTRA_CA_CERTS'] ?? setting('cafile');
    if (authorities !== 'null') cpSync(authorities, path.join(root, 'ca.pem'));
    // Debian's package of npm is four hundred others.
    cpSync(npmDirectory(), path.join(root, 'npm'), { recursive: true, dereference: true });
    await build('real/node', root, 'gantry', ['--build-arg', `REGISTRY=${setting('registry')}`]);
    const ask = "fetch('http://127.0.0.1:8000').then((a) => a.text()).then(console.log)";
    assert.equal(await answers('real/node', ['node', '-e', ask]), '172800000');
  },
);

function npmDirectory(): string {
  const program = execFileSync('readlink', ['-f', execFileSync('which', ['npm']).toString().trim()]);
  return path.resolve(path.dirname(program.toString().trim()), '..');
}
