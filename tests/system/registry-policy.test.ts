import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { GantryRegistry } from '../support/gantry-registry.ts';
import type { Finished } from '../support/processes.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
const password = 'a password of ada';
const certificates = '/etc/docker/certs.d/127.0.0.1:5813';
let daemon: TestDaemon;
let guarded: GantryRegistry;
let madeDirectory: string | undefined;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  const directory = path.join(daemon.root, 'guarded');
  mkdirSync(directory);
  const file = (name: string): string => path.join(directory, name);
  await said(['user', 'add', 'ada', '--file', file('users'), '--password-stdin'], password);
  await said(['robot', 'add', 'ci', '--file', file('robots'), '--allow', 'team/**:pull']);
  await said(['ca', 'create', '--dir', file('ca')]);
  await said(['ca', 'issue', '--dir', file('ca'), '127.0.0.1']);
  madeDirectory = mkdirSync(certificates, { recursive: true });
  writeFileSync(path.join(certificates, 'ca.crt'), await said(['ca', 'print', '--dir', file('ca')]));
  guarded = await GantryRegistry.start(directory, 5813, {
    tls: { certificate: file('ca/127.0.0.1.crt'), key: file('ca/127.0.0.1.key') },
    access: {
      'users-file': file('users'),
      'robots-file': file('robots'),
      'anonymous-pull': ['public/*'],
      rights: [{ repositories: ['team/*', 'public/*'], callers: ['ada'], actions: ['pull', 'push'] }],
    },
    rules: {
      'immutable-tags': [{ tags: ['v*'] }],
      quotas: [{ repositories: ['team/small'], size: 1000 }],
    },
    audit: { file: file('audit.log') },
  });
});
after(async () => {
  await guarded[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
  if (madeDirectory !== undefined) rmSync(madeDirectory, { recursive: true });
  else rmSync(certificates, { recursive: true, force: true });
});

/** What `gantry-registry` prints. */
async function said(words: readonly string[], stdin?: string): Promise<string> {
  const finished = await GantryRegistry.command(words, stdin);
  assert.equal(finished.exitCode, 0, finished.stderr);
  return finished.stdout;
}

function refusalOf({ exitCode, stdout, stderr }: Finished): string {
  assert.equal(exitCode, 1, stdout);
  return stdout + stderr;
}

/** The image under another name; the name goes at the end. */
async function tagged(name: string): Promise<AsyncDisposable> {
  await daemon.ok('tag', image, name);
  return { [Symbol.asyncDispose]: async () => void (await daemon.gantry(['rmi', name])) };
}

for (const program of ['gantry', 'docker'] as const) {
  describe(`by ${program}`, () => {
    const clientOf = (name: string): { env: { DOCKER_CONFIG: string } } => {
      const directory = path.join(daemon.root, `client-${program}-${name}`);
      mkdirSync(directory, { recursive: true });
      return { env: { DOCKER_CONFIG: directory } };
    };
    const login = (name: string, as: string, secret: string): Promise<Finished> =>
      daemon[program](['login', '-u', as, '--password-stdin', guarded.host], {
        ...clientOf(name),
        stdin: secret,
      });

    test('who signs in gets an identity token, over TLS by an authority of our own, and may what the rights say', async () => {
      assert.match(refusalOf(await login('ada', 'ada', 'wrong')), /incorrect username or password/);
      const { exitCode, stderr } = await login('ada', 'ada', password);
      assert.equal(exitCode, 0, stderr);
      const config = readFileSync(path.join(clientOf('ada').env.DOCKER_CONFIG, 'config.json'), 'utf8');
      const { identitytoken } =
        (JSON.parse(config) as { auths: Record<string, { identitytoken?: string }> }).auths[guarded.host] ??
        {};
      assert.match(identitytoken ?? '', /^gantry_refresh_/);
      const name = `${guarded.host}/team/${program}:latest`;
      await using _tag = await tagged(name);
      for (const verb of ['push', 'pull']) {
        const finished = await daemon[program]([verb, name], clientOf('ada'));
        assert.equal(finished.exitCode, 0, finished.stderr);
      }
      const other = `${guarded.host}/other/${program}:latest`;
      await using _other = await tagged(other);
      assert.match(
        refusalOf(await daemon[program](['push', other], clientOf('ada'))),
        /denied|not authorized|unauthorized/i,
      );
      assert.match(
        refusalOf(await daemon[program](['push', name], clientOf('nobody'))),
        /authentication required|no basic auth|denied/i,
      );
    });

    test('everybody pulls what is public, and a robot what it may', async () => {
      await login('ada', 'ada', password);
      const open = `${guarded.host}/public/${program}:latest`;
      const closed = `${guarded.host}/team/robots-${program}:latest`;
      await using _open = await tagged(open);
      await using _closed = await tagged(closed);
      for (const name of [open, closed]) {
        assert.equal((await daemon[program](['push', name], clientOf('ada'))).exitCode, 0);
      }
      assert.equal((await daemon[program](['pull', open], clientOf('nobody'))).exitCode, 0);
      assert.match(
        refusalOf(await daemon[program](['pull', closed], clientOf('nobody'))),
        /denied|authentication required/,
      );
      const robots = path.join(guarded.directory, 'robots');
      const token = await said(['robot', 'add', program, '--file', robots, '--allow', 'team/**:pull']);
      const { exitCode, stderr } = await signedIn(() => login('robot', `robot+${program}`, token.trim()));
      assert.equal(exitCode, 0, stderr);
      assert.equal((await daemon[program](['pull', closed], clientOf('robot'))).exitCode, 0);
      assert.match(
        refusalOf(await daemon[program](['push', closed], clientOf('robot'))),
        /denied|unauthorized/i,
      );
    });

    test('an immutable tag and a full quota are told in words', async () => {
      await login('ada', 'ada', password);
      const name = `${guarded.host}/team/${program}:v1`;
      await using _tag = await tagged(name);
      assert.equal((await daemon[program](['push', name], clientOf('ada'))).exitCode, 0);
      const changed = `${program}-changed`;
      await daemon.ok('create', '--name', changed, image);
      await daemon.ok('commit', '-m', 'another', changed, name);
      await daemon.ok('rm', changed);
      assert.match(
        refusalOf(await daemon[program](['push', name], clientOf('ada'))),
        /it is immutable by the rule "v\*"/,
      );
      const small = `${guarded.host}/team/small:${program}`;
      await using _small = await tagged(small);
      assert.match(
        refusalOf(await daemon[program](['push', small], clientOf('ada'))),
        /the quota of 1000 bytes/,
      );
    });
  });
}

/** The registry reads a changed file a second later at most. */
async function signedIn(login: () => Promise<Finished>): Promise<Finished> {
  for (let tries = 1; ; tries += 1) {
    const finished = await login();
    if (finished.exitCode === 0 || tries === 5) return finished;
  }
}

test('the audit log names who did what, and no log has a password or a token', () => {
  const audit = readFileSync(path.join(guarded.directory, 'audit.log'), 'utf8');
  const events = audit
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { action: string; actor: string; tag?: string });
  assert.ok(events.some(({ action, actor, tag }) => action === 'push' && actor === 'ada' && tag === 'v1'));
  assert.ok(events.some(({ action, actor }) => action === 'login-refused' && actor === 'ada'));
  assert.ok(events.some(({ action, actor }) => action === 'pull' && actor.startsWith('robot+')));
  for (const log of [audit, guarded.log])
    assert.doesNotMatch(log, /a password of ada|gantry_(refresh|robot)_|eyJ/);
});

test('another registry is served from here, also when it is away', async () => {
  await using upstream = await GantryRegistry.start(path.join(daemon.root, 'upstream'), 5814);
  const cache = [{ prefix: 'near', registry: upstream.host, insecure: true, timeout: '2s' }];
  await using near = await GantryRegistry.start(path.join(daemon.root, 'near'), 5815, { cache });
  const there = `${upstream.host}/team/app:1`;
  const here = `${near.host}/near/team/app:1`;
  await using _tag = await tagged(there);
  await daemon.ok('push', there);
  await daemon.ok('pull', here);
  await upstream.end('SIGKILL');
  await daemon.ok('rmi', here, there);
  await daemon.ok('pull', here);
  assert.equal(await daemon.ok('run', '--rm', '--network', 'none', here, 'echo', 'near'), 'near');
  assert.match(
    refusalOf(await daemon.gantry(['pull', `${near.host}/near/team/app:2`])),
    /cannot be asked now/,
  );
  await daemon.ok('rmi', here);
});

test('a webhook is told of a push, signed, and a replica gets it after a kill -9', async () => {
  const directory = path.join(daemon.root, 'source');
  mkdirSync(directory);
  const secretFile = path.join(directory, 'secret');
  writeFileSync(secretFile, 'shared by the two of us', { mode: 0o600 });
  const hook = createServer();
  await new Promise<void>((resolve) => void hook.listen(0, '127.0.0.1', resolve));
  const { port } = hook.address() as AddressInfo;
  const webhooks = [
    { name: 'ci', url: `http://127.0.0.1:${port}/`, 'secret-file': secretFile, 'allow-private': true },
  ];
  const replication = [{ name: 'copy', registry: '127.0.0.1:5817', insecure: true, prefix: 'copies' }];
  await using source = await GantryRegistry.start(directory, 5816, { webhooks, replication });
  const name = `${source.host}/team/app:1`;
  await using _tag = await tagged(name);
  const delivered = (async () => {
    for (;;) {
      const [request, response] = (await once(hook, 'request')) as [IncomingMessage, ServerResponse];
      const body = await text(request);
      response.end();
      if (body.includes('"tag":"1"')) return { headers: request.headers, body };
    }
  })();
  await daemon.ok('push', name);
  const { headers, body } = await delivered;
  const [, seconds = '', signature] = /^t=(\d+),v1=(\w+)$/.exec(String(headers['gantry-signature'])) ?? [];
  assert.equal(
    createHmac('sha256', 'shared by the two of us').update(`${seconds}.${body}`).digest('hex'),
    signature,
  );
  await source.end('SIGKILL');
  await using copy = await GantryRegistry.start(path.join(daemon.root, 'copy'), 5817);
  await source.restart();
  const answered = `http://${copy.host}/v2/copies/team/app/manifests/1`;
  await until('the replica has it', async () => (await fetch(answered)).status === 200);
  await daemon.ok('rmi', name);
  await daemon.ok('pull', `${copy.host}/copies/team/app:1`);
  await daemon.ok('rmi', `${copy.host}/copies/team/app:1`);
  hook.closeAllConnections();
  hook.close();
});
