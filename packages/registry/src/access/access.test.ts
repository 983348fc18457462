import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { silentLogger } from '@gantry/base';
import { ManualClock } from '@gantry/base/testing';
import { MemoryMetadataStore } from '@gantry/state/testing';
import { hash } from 'bcryptjs';
import type { AccessRequest, Caller } from './access.ts';
import { readAccessSettings } from './access-settings.ts';
import { DeniedError, TokenRequestRefusedError, TooManySignInsError, UnauthorizedError } from './errors.ts';
import { type OpenedAccess, openAccessFor } from './open-access-for.ts';
import { hashSecret } from './robots/robot-file.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'registry-access-'));
const usersFile = path.join(directory, 'htpasswd');
const robotsFile = path.join(directory, 'robots.json');
after(() => rmSync(directory, { recursive: true }));

const robotToken = 'gantry_robot_1';
const hashes = { ada: await hash('secret', 4), bob: await hash('hunter2', 4), root: await hash('toor', 4) };
writeFileSync(
  usersFile,
  Object.entries(hashes)
    .map((pair) => pair.join(':'))
    .join('\n'),
);
writeFileSync(
  robotsFile,
  JSON.stringify({
    version: 1,
    robots: {
      ci: {
        secretSha256: hashSecret(robotToken),
        rights: [{ repositories: ['team/**'], actions: ['pull', 'push'] }],
        createdAt: '2026-01-01T00:00:00Z',
        endsAt: '2026-02-01T00:00:00Z',
      },
    },
  }),
);
const configuration = {
  'users-file': usersFile,
  'robots-file': robotsFile,
  'anonymous-pull': ['public/*'],
  administrators: ['root'],
  rights: [{ repositories: ['team/*'], callers: ['ada'], actions: ['pull', 'push'] }],
};

interface Stage extends AsyncDisposable {
  clock: ManualClock;
  store: MemoryMetadataStore;
  refused: string[];
  opened: OpenedAccess;
}

async function stage(more: Record<string, unknown> = {}, store = new MemoryMetadataStore()): Promise<Stage> {
  const clock = new ManualClock();
  const refused: string[] = [];
  const settings = readAccessSettings({ ...configuration, ...more });
  const opened = await openAccessFor(settings, {
    store,
    clock,
    logger: silentLogger,
    onRefused: (name) => refused.push(name),
  });
  return { clock, store, refused, opened, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

function request(authorization?: string, remoteAddress = '192.0.2.1'): AccessRequest {
  return {
    headers: { host: 'registry.test:5000', ...(authorization === undefined ? {} : { authorization }) },
    isEncrypted: true,
    remoteAddress,
  };
}

function basic(name: string, password: string, remoteAddress?: string): AccessRequest {
  return request(`Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`, remoteAddress);
}

async function withToken({ opened }: Stage, from: AccessRequest, ...scopes: string[]): Promise<Caller> {
  const query = new URLSearchParams(scopes.map((scope): [string, string] => ['scope', scope]));
  const { token } = await opened.tokens!.get(from, query);
  return await opened.access.identify(request(`Bearer ${token}`));
}

function challengeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof UnauthorizedError, String(error));
    return error.challenge;
  }
  assert.fail('not refused');
}

test('somebody without credentials pulls what is public and is asked to sign in for the rest', async () => {
  await using at = await stage();
  const caller = await at.opened.access.identify(request());
  assert.deepEqual(caller.identity, { name: '', kind: 'anonymous' });
  caller.require('public/app', ['pull']);
  assert.equal(
    challengeOf(() => caller.require('team/app', ['pull', 'push'])),
    'Bearer realm="https://registry.test:5000/token",service="gantry-registry",scope="repository:team/app:pull,push"',
  );
  assert.match(
    challengeOf(() => caller.require('public/app', ['push'])),
    /scope="repository:public\/app:push"/,
  );
  assert.match(
    challengeOf(() => caller.requireSignIn()),
    /^Bearer /,
  );
  const sees = caller.visible();
  assert.deepEqual(['public/app', 'public/a/b', 'team/app'].filter(sees), ['public/app']);
});

test('a password gives the rights of its user, and no more', async () => {
  await using at = await stage();
  const ada = await at.opened.access.identify(basic('ada', 'secret'));
  ada.requireSignIn();
  ada.require('team/app', ['pull', 'push']);
  assert.throws(() => ada.require('team/app', ['delete']), DeniedError);
  assert.throws(() => ada.require('team/app/deeper', ['pull']), DeniedError);
  assert.throws(() => ada.requireAdministration(), DeniedError);
  const root = await at.opened.access.identify(basic('root', 'toor'));
  root.require('any/thing', ['pull', 'push', 'delete']);
  root.requireAdministration();
});

test('without a list of rights every user may do everything', async () => {
  await using at = await stage({ rights: undefined });
  const bob = await at.opened.access.identify(basic('bob', 'hunter2'));
  bob.require('any/thing', ['pull', 'push', 'delete']);
});

test('wrong passwords, unknown names and unknown schemes are refused with the challenge and told', async () => {
  await using at = await stage();
  for (const attempt of [basic('ada', 'guess'), basic('eve', 'secret')]) {
    await assert.rejects(at.opened.access.identify(attempt), {
      name: 'UnauthorizedError',
      message: 'incorrect username or password',
    });
  }
  await assert.rejects(at.opened.access.identify(request('Negotiate abc')), UnauthorizedError);
  assert.deepEqual(at.refused, ['ada', 'eve']);
});

test('who guesses is slowed down, and nobody else is', async () => {
  await using at = await stage();
  for (let count = 0; count < 10; count += 1) {
    await assert.rejects(at.opened.access.identify(basic('ada', `guess ${count}`)), UnauthorizedError);
  }
  await assert.rejects(at.opened.access.identify(basic('ada', 'secret')), TooManySignInsError);
  await at.opened.access.identify(basic('bob', 'hunter2'));
  await at.opened.access.identify(basic('ada', 'secret', '192.0.2.2'));
  await at.clock.advance(60_000);
  await at.opened.access.identify(basic('ada', 'secret'));
});

test('a robot has its own rights until its end', async () => {
  await using at = await stage();
  const robot = await at.opened.access.identify(basic('robot+ci', robotToken));
  assert.deepEqual(robot.identity, { name: 'robot+ci', kind: 'robot' });
  robot.require('team/a/b', ['pull', 'push']);
  assert.throws(() => robot.require('other/app', ['pull']), DeniedError);
  await at.clock.advance(31 * 86_400_000);
  await assert.rejects(at.opened.access.identify(basic('robot+ci', robotToken)), UnauthorizedError);
});

test('a token allows the part of what was asked for that is allowed', async () => {
  await using at = await stage();
  const query = new URLSearchParams({
    scope: 'repository:team/app:pull,push,delete',
    service: 'gantry-registry',
  });
  const answer = await at.opened.tokens!.get(basic('ada', 'secret'), query);
  assert.equal(answer.scope, 'repository:team/app:pull,push');
  assert.equal(answer.expires_in, 300);
  assert.equal(answer.refresh_token, undefined);
  const caller = await at.opened.access.identify(request(`Bearer ${answer.token}`));
  assert.deepEqual(caller.identity, { name: 'ada', kind: 'user' });
  caller.require('team/app', ['pull', 'push']);
  caller.require('public/app', ['pull']);
  assert.match(
    challengeOf(() => caller.require('team/other', ['pull'])),
    /error="insufficient_scope"/,
  );
  assert.throws(() => caller.require('team/app', ['delete']), {
    name: 'UnauthorizedError',
    message: 'ada may not delete in team/app',
  });
});

test('an anonymous token is for what is public', async () => {
  await using at = await stage();
  const caller = await withToken(at, request(), 'repository:public/app:pull,push');
  caller.requireSignIn();
  caller.require('public/app', ['pull']);
  assert.match(
    challengeOf(() => caller.require('public/app', ['push'])),
    /insufficient_scope/,
  );
});

test('lists need the scope of the catalog, administration that of the registry', async () => {
  await using at = await stage();
  const without = await withToken(at, basic('ada', 'secret'), 'repository:team/app:pull');
  assert.match(
    challengeOf(() => without.visible()),
    /scope="registry:catalog:\*"/,
  );
  const ada = await withToken(at, basic('ada', 'secret'), 'registry:catalog:*');
  assert.deepEqual(['public/app', 'team/app', 'other/app'].filter(ada.visible()), ['public/app', 'team/app']);
  const root = await withToken(at, basic('root', 'toor'), 'registry:administration:*');
  root.requireAdministration();
});

test('tokens end, with a minute for clocks that differ', async () => {
  await using at = await stage();
  const { token } = await at.opened.tokens!.get(basic('ada', 'secret'), new URLSearchParams());
  await at.clock.advance(350_000);
  await at.opened.access.identify(request(`Bearer ${token}`));
  await at.clock.advance(20_000);
  await assert.rejects(at.opened.access.identify(request(`Bearer ${token}`)), {
    name: 'UnauthorizedError',
    message: 'the token has ended',
  });
});

test('forged, foreign and damaged tokens are refused', async () => {
  await using at = await stage();
  await using other = await stage();
  const { token } = await at.opened.tokens!.get(basic('ada', 'secret'), new URLSearchParams());
  const foreign = await other.opened.tokens!.get(basic('ada', 'secret'), new URLSearchParams());
  const [head = '', body = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url');
  const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
  const wrong = [
    foreign.token,
    `${head}.${forged}.${signature}`,
    `${unsigned}.${forged}.`,
    `${head}.${body}`,
    'x',
    'a'.repeat(20_000),
  ];
  for (const bad of wrong) {
    await assert.rejects(at.opened.access.identify(request(`Bearer ${bad}`)), UnauthorizedError);
  }
});

test('tokens and identity tokens survive a restart, and a key that was rotated is still taken', async () => {
  const store = new MemoryMetadataStore();
  let token = '';
  {
    await using first = await stage({}, store);
    ({ token } = await first.opened.tokens!.get(basic('ada', 'secret'), new URLSearchParams()));
  }
  await using second = await stage({ tokens: { 'key-lifetime': '2m' } }, store);
  await second.clock.advance(150_000);
  const fresh = await second.opened.tokens!.get(basic('ada', 'secret'), new URLSearchParams());
  const keyOf = (jwt: string): string => Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString();
  assert.notEqual(keyOf(fresh.token), keyOf(token));
  await second.opened.access.identify(request(`Bearer ${token}`));
});

test('an identity token stands for the password until that changes, its user goes, or it is not used', async () => {
  await using at = await stage();
  const query = new URLSearchParams({ offline_token: 'true', client_id: 'docker', account: 'ada' });
  const { refresh_token = '' } = await at.opened.tokens!.get(basic('ada', 'secret'), query);
  const form = (token: string): URLSearchParams =>
    new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: token,
      scope: 'repository:team/app:pull',
    });
  const answer = await at.opened.tokens!.post(request(), form(refresh_token));
  assert.equal(answer.refresh_token, refresh_token);
  assert.equal(answer.scope, 'repository:team/app:pull');
  await assert.rejects(at.opened.tokens!.post(request(), form(`${refresh_token}x`)), UnauthorizedError);
  assert.equal(
    JSON.stringify(at.store.collection('registry-refresh-tokens', { version: 1 }).entries()).includes(
      refresh_token,
    ),
    false,
  );

  await at.clock.advance(91 * 86_400_000);
  await assert.rejects(at.opened.tokens!.post(request(), form(refresh_token)), UnauthorizedError);

  const password = new URLSearchParams({
    grant_type: 'password',
    username: 'bob',
    password: 'hunter2',
    access_type: 'offline',
  });
  const bob = await at.opened.tokens!.post(request(), password);
  writeFileSync(usersFile, `ada:${hashes.ada}\nroot:${hashes.root}\nbob:${await hash('changed', 4)}\n`);
  await at.clock.advance(2000);
  await assert.rejects(at.opened.tokens!.post(request(), form(bob.refresh_token ?? '')), UnauthorizedError);
  await assert.rejects(at.opened.access.identify(basic('bob', 'hunter2')), UnauthorizedError);
  await at.opened.access.identify(basic('bob', 'changed'));
});

test('a request for another service, and one that OAuth2 does not know, is told so', async () => {
  await using at = await stage();
  const other = new URLSearchParams({ service: 'registry.docker.io' });
  await assert.rejects(at.opened.tokens!.get(request(), other), TokenRequestRefusedError);
  const form = new URLSearchParams({ grant_type: 'authorization_code' });
  await assert.rejects(at.opened.tokens!.post(request(), form), { oauthError: 'unsupported_grant_type' });
});

test('without a token service the challenge is for a password', async () => {
  await using at = await stage({ tokens: false });
  assert.equal(at.opened.tokens, undefined);
  const caller = await at.opened.access.identify(request());
  assert.equal(
    challengeOf(() => caller.requireSignIn()),
    'Basic realm="gantry-registry"',
  );
});

test('a host header that is no host is not repeated', async () => {
  await using at = await stage();
  const caller = await at.opened.access.identify({
    ...request(),
    headers: { host: 'a",realm="https://evil.test' },
  });
  assert.match(
    challengeOf(() => caller.requireSignIn()),
    /^Bearer realm="https:\/\/localhost\/token",service=/,
  );
});
