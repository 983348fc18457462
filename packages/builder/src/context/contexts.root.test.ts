import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { LeakCheck, type TemporaryRoot, tarArchive, temporaryRoot } from '@gantry/testkit';
import { FakeBuildClient, type FakeFile, openRealBuilder, type RealBuilder } from '../../testing/index.ts';

let root: TemporaryRoot;
let builder: RealBuilder;
let leaks: LeakCheck;
let server: Server;
let base: string;
/** What the server has, and what it was asked for. */
const served = new Map<string, { body: Uint8Array; headers?: Record<string, string> }>();
const asked: string[] = [];

before(async () => {
  root = await temporaryRoot();
  builder = await openRealBuilder(root.path, 'gbctx0');
  await builder.build('FROM busybox\nRUN true\n');
  server = createServer((request, response) => {
    const url = request.url?.split('?')[0] ?? '';
    asked.push(`${request.headers['if-none-match'] ?? ''} ${url}`.trim());
    const file = served.get(url) ?? repositoryFile(url);
    if (url === '/redirect') response.writeHead(302, { location: '/file.txt' }).end();
    else if (url === '/short') response.writeHead(200, { 'content-length': '100' }).end('short');
    else if (file === undefined) response.writeHead(404).end();
    else if (request.headers['if-none-match'] === file.headers?.['etag'] && file.headers?.['etag'])
      response.writeHead(304).end();
    else response.writeHead(200, file.headers).end(file.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  leaks = await LeakCheck.begin({ tag: root.path, cgroupPrefix: path.basename(root.path) });
});

after(async () => {
  server.closeAllConnections();
  server.close();
  try {
    await leaks.check();
  } finally {
    await builder[Symbol.asyncDispose]();
    await root[Symbol.asyncDispose]();
  }
});

/** Git's plain protocol: the files of a repository as they lie there. */
function repositoryFile(url: string): { body: Uint8Array; headers?: Record<string, string> } | undefined {
  if (!url.startsWith('/repo.git/')) return undefined;
  try {
    return { body: readFileSync(path.join(root.path, decodeURIComponent(url))) };
  } catch {
    return undefined;
  }
}

function clientWith(files: Record<string, FakeFile>, name = 'context'): FakeBuildClient {
  const client = new FakeBuildClient({ sharedKey: 'test' });
  client.directories.set(name, new Map(Object.entries(files)));
  return client;
}

const fromClient = {
  context: { kind: 'client', name: 'context' },
  dockerfile: { kind: 'context', path: 'Dockerfile' },
} as const;

test('of a directory of the client only what changed is asked for again', async () => {
  const files = {
    Dockerfile:
      'FROM busybox\nCOPY . /all/\nRUN cd /all && find . -type f | sort > /list; cat a/one > /one\n',
    '.dockerignore': 'ignored\n',
    a: { kind: 'directory', mode: 0o755 },
    'a/one': 'one\n',
    'a/two': 'two\n',
    gone: 'gone\n',
    ignored: 'ignored\n',
  } satisfies Record<string, FakeFile>;
  const client = clientWith(files);
  const first = await builder.build('', { ...fromClient, client });
  assert.equal(
    await builder.read(first.id, '/list'),
    './.dockerignore\n./Dockerfile\n./a/one\n./a/two\n./gone\n',
  );
  const again = clientWith(files);
  assert.equal((await builder.build('', { ...fromClient, client: again })).id, first.id);
  assert.deepEqual(again.reads, ['Dockerfile', '.dockerignore']);
  const { gone: _, ...rest } = files;
  const changed = clientWith({ ...rest, 'a/one': 'other\n' });
  const second = await builder.build('', { ...fromClient, client: changed });
  assert.deepEqual(changed.reads, ['Dockerfile', '.dockerignore', 'a/one']);
  assert.equal(await builder.read(second.id, '/list'), './.dockerignore\n./Dockerfile\n./a/one\n./a/two\n');
  assert.equal(await builder.read(second.id, '/one'), 'other\n');
  const swapped = clientWith({ ...rest, a: 'a file\n', 'a/one': undefined as never });
  swapped.directories.get('context')?.delete('a/one');
  swapped.directories.get('context')?.delete('a/two');
  await assert.rejects(builder.build('', { ...fromClient, client: swapped }), /non-zero code/);
});

test('names of a client that lead out are refused', async () => {
  for (const name of ['../out', '/out', 'a/../../out', '.wh.mark']) {
    const client = clientWith({ Dockerfile: 'FROM busybox\n', [name]: 'x' });
    await assert.rejects(builder.build('', { ...fromClient, client }), /the name|marks of layers/);
  }
});

test('a Dockerfile comes from another directory than the context', async () => {
  const client = clientWith({ file: 'text\n' });
  client.directories.set('dockerfile', new Map([['other', 'FROM busybox\nCOPY file /\n']]));
  const { id } = await builder.build('', {
    context: { kind: 'client', name: 'context' },
    dockerfile: { kind: 'client', name: 'dockerfile', path: 'other' },
    client,
  });
  assert.equal(await builder.read(id, '/file'), 'text\n');
});

test('named contexts are directories, addresses, images and stages, in FROM, COPY and mounts', async () => {
  served.set('/files.tar.gz', { body: gzipSync(tarArchive([{ name: 'f', content: 'from far\n' }])) });
  const client = clientWith({ near: 'from near\n' }, 'near');
  const { id } = await builder.build(
    `FROM busybox AS made
RUN echo made > /made
FROM alias
COPY --from=near near /
COPY --from=far f /
COPY --from=same /made /
RUN --mount=from=near,target=/mnt cat /mnt/near > /mounted
`,
    {
      client,
      namedContexts: new Map([
        ['near', 'local:near'],
        ['far', `${base}/files.tar.gz`],
        ['docker.io/library/alias:latest', 'docker-image://busybox'],
        ['same', 'target:made'],
      ]),
    },
  );
  assert.equal(await builder.read(id, '/near'), 'from near\n');
  assert.equal(await builder.read(id, '/f'), 'from far\n');
  assert.equal(await builder.read(id, '/made'), 'made\n');
  assert.equal(await builder.read(id, '/mounted'), 'from near\n');
});

test('ADD takes a file from an address, and asks no more than whether it changed', async () => {
  const body = Buffer.from('downloaded\n');
  const headers = { etag: '"1"', 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' };
  served.set('/file.txt', { body, headers });
  const sum = createHash('sha256').update(body).digest('hex');
  const dockerfile = `FROM busybox
ADD ${base}/file.txt /dir/
ADD --checksum=sha256:${sum} --chmod=0644 --chown=1:2 ${base}/redirect /renamed
RUN stat -c '%n %a %u:%g %Y' /dir/file.txt /renamed > /seen
`;
  const first = await builder.build(dockerfile);
  assert.equal(
    await builder.read(first.id, '/seen'),
    '/dir/file.txt 600 0:0 1704067200\n/renamed 644 1:2 1704067200\n',
  );
  asked.length = 0;
  assert.equal((await builder.build(dockerfile)).id, first.id);
  assert.deepEqual(asked, ['"1" /file.txt']);
  const wrong = `FROM busybox\nADD --checksum=sha256:${'0'.repeat(64)} ${base}/file.txt /\n`;
  await assert.rejects(builder.build(wrong), /digest mismatch/);
  await assert.rejects(builder.build(`FROM busybox\nADD ${base}/none /\n`), /invalid response status 404/);
  await assert.rejects(builder.build(`FROM busybox\nADD ${base}/short /\n`), /cannot fetch/);
});

test('ADD and the context take a repository at a reference, a directory of it, without its history', async () => {
  const work = path.join(root.path, 'work-tree');
  mkdirSync(path.join(work, 'sub'), { recursive: true });
  writeFileSync(path.join(work, 'top'), 'top\n');
  writeFileSync(path.join(work, 'sub/Dockerfile'), 'FROM busybox\nCOPY . /sub/\n');
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', work, '-c', 'user.name=t', '-c', 'user.email=t@t', ...words])
      .toString()
      .trim();
  execFileSync('git', ['init', '-q', '-b', 'main', work]);
  git('add', '.');
  git('commit', '-qm', 'one');
  git('tag', '-a', 'v1', '-m', 'v1');
  const commit = git('rev-parse', 'HEAD');
  execFileSync('git', ['clone', '-q', '--bare', work, path.join(root.path, 'repo.git')]);
  execFileSync('git', ['-C', path.join(root.path, 'repo.git'), 'update-server-info']);
  const address = `${base}/repo.git`;
  const { id } = await builder.build(`FROM busybox
ADD ${address}#v1 /plain
ADD --keep-git-dir=true --checksum=${commit} ${address} /kept
ADD ${address}?branch=main&subdir=sub /sub
RUN ls -A /plain > /seen; ls -A /kept >> /seen; ls -A /sub >> /seen
`);
  assert.equal(await builder.read(id, '/seen'), 'sub\ntop\n.git\nsub\ntop\nDockerfile\n');
  for (const keeps of ['0', '1']) {
    const whole = await builder.build('', {
      context: { kind: 'address', address },
      dockerfile: {
        kind: 'inline',
        path: 'Dockerfile',
        bytes: Buffer.from(
          'FROM busybox\nCOPY . /all\nRUN [ -d /all/.git ] && echo kept > /seen || echo gone > /seen\n',
        ),
      },
      buildArguments: new Map([['BUILDKIT_CONTEXT_KEEP_GIT_DIR', keeps]]),
    });
    assert.equal(await builder.read(whole.id, '/seen'), keeps === '1' ? 'kept\n' : 'gone\n');
  }
  const whole = await builder.build('', {
    context: { kind: 'address', address: `${address}#main:sub` },
    dockerfile: { kind: 'context', path: 'Dockerfile' },
  });
  assert.match(await builder.read(whole.id, '/sub/Dockerfile'), /^FROM busybox/);
  await assert.rejects(builder.build(`FROM busybox\nADD ${address}#none /x\n`), /does not contain ref none/);
  await assert.rejects(
    builder.build(`FROM busybox\nADD --checksum=0123456789 ${address} /x\n`),
    /expected checksum to match/,
  );
});

test('a build of nothing that was built before in one stage takes the others from the cache', async () => {
  const dockerfile = `FROM busybox AS one
RUN cat /proc/sys/kernel/random/uuid > /one
FROM busybox AS two
RUN cat /proc/sys/kernel/random/uuid > /two
FROM scratch
COPY --from=one /one /
COPY --from=two /two /
`;
  const first = await builder.build(dockerfile);
  const second = await builder.build(dockerfile, { noCacheStages: new Set(['two']) });
  assert.notEqual(second.id, first.id);
  const read = async (id: string, file: string): Promise<string> =>
    await builder.read(
      (
        await builder.build(`FROM busybox\nCOPY --from=x ${file} /got\n`, {
          namedContexts: new Map([['x', `docker-image://${id}`]]),
        })
      ).id,
      '/got',
    );
  assert.equal(await read(second.id, '/one'), await read(first.id, '/one'));
  assert.notEqual(await read(second.id, '/two'), await read(first.id, '/two'));
});

test('warns of a COPY of what .dockerignore leaves out', async () => {
  const client = clientWith({
    Dockerfile: 'FROM busybox\nCOPY --from=busybox /bin/sh /ignored\nCOPY ignored /x\n',
    '.dockerignore': 'ignored\n',
    ignored: 'ignored\n',
  });
  const warned: string[] = [];
  const building = builder.build('', {
    ...fromClient,
    client,
    onEvent: (event) => {
      if (event.kind === 'warning') warned.push(event.warning.message);
    },
  });
  await assert.rejects(building, /excluded by \.dockerignore/);
  assert.deepEqual(warned, ['Attempting to COPY file "ignored" that is excluded by .dockerignore']);
});

test('two builds of one target at once share what they do', async () => {
  const dockerfile = 'FROM busybox\nRUN sleep 1; cat /proc/sys/kernel/random/uuid > /shared\n';
  const [first, second] = await Promise.all([builder.build(dockerfile), builder.build(dockerfile)]);
  assert.equal(first.id, second.id);
});
