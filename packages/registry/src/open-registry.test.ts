import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { silentLogger, systemClock } from '@gantry/base';
import { temporaryRoot } from '@gantry/testkit';
import { RobotStore } from './access/robots/robot-store.ts';
import { UserFile } from './access/users/user-file.ts';
import { openRegistry } from './open-registry.ts';
import { readRegistrySettings } from './settings/registry-settings.ts';

const userAgent = 'Gantry/test';

test('a registry serves what its settings name: tokens, rights, metrics, retention, and reads changed users again', async () => {
  await using root = await temporaryRoot('registry');
  const file = (name: string): string => path.join(root.path, name);
  const users = new UserFile(file('users'));
  await users.set('root', 'a long password');
  const robots = new RobotStore(file('robots'), systemClock);
  const robot = robots.set({ name: 'ci', rights: [{ repositories: ['team/**'], actions: ['push'] }] });
  const settings = readRegistrySettings({
    root: file('data'),
    listen: ['127.0.0.1:0'],
    access: { 'users-file': file('users'), 'robots-file': file('robots'), administrators: ['root'] },
    rules: { quotas: [{ repositories: ['**'], size: '1M' }] },
    retention: { rules: [{ repositories: ['**'], 'keep-last': 3 }] },
    audit: { file: file('audit.log') },
    metrics: {},
  });
  await using registry = await openRegistry({ settings, userAgent, logger: silentLogger });
  const [bound = assert.fail()] = registry.addresses;
  assert.ok('port' in bound);
  const ask = (target: string, as?: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${bound.port}${target}`, {
      headers: as === undefined ? {} : { Authorization: `Basic ${Buffer.from(as).toString('base64')}` },
    });
  const admin = 'root:a long password';
  assert.equal((await ask('/v2/')).status, 401);
  assert.equal((await ask('/v2/', admin)).status, 200);
  assert.equal((await ask('/v2/', `${robot.name}:${robot.token}`)).status, 200);
  const token = (await (
    await ask('/token?scope=repository:team/app:push', `${robot.name}:${robot.token}`)
  ).json()) as {
    scope: string;
  };
  assert.equal(token.scope, 'repository:team/app:push');
  assert.equal((await ask('/metrics')).status, 401);
  assert.match(
    await (await ask('/metrics', admin)).text(),
    /quota_bytes\{quota="\*\*",kind="limit"\} 1048576/,
  );
  assert.deepEqual(await (await ask('/api/v1/retention', admin)).json(), { repositories: [] });
  assert.equal((await ask('/token', 'root:wrong')).status, 401);
  assert.match(await readFile(file('audit.log'), 'utf8'), /"action":"login-refused".*"actor":"root"/);
  await users.set('bob', 'another password');
  registry.reload();
  assert.equal((await ask('/v2/', 'bob:another password')).status, 200);
});

test('a file that cannot be used refuses the start with its name, and leaves nothing open', async () => {
  await using root = await temporaryRoot('registry');
  const usersFile = path.join(root.path, 'users');
  const settings = readRegistrySettings({
    root: path.join(root.path, 'data'),
    listen: ['127.0.0.1:0'],
    access: { 'users-file': usersFile },
  });
  const open = (): Promise<AsyncDisposable> => openRegistry({ settings, userAgent, logger: silentLogger });
  await assert.rejects(open(), /users: ENOENT/);
  await writeFile(usersFile, 'ada:secret\n');
  await assert.rejects(open(), /users: line 1: the password of ada is not a bcrypt hash/);
  await writeFile(usersFile, '');
  await using _registry = await open();
});

test('users and robots are changed whole, and what cannot be is refused', async () => {
  await using root = await temporaryRoot('registry');
  const usersFile = path.join(root.path, 'deeper', 'users');
  const users = new UserFile(usersFile);
  assert.deepEqual(users.names(), []);
  assert.equal(await users.set('bob', 'long enough'), true);
  assert.equal(await users.set('ada', 'long enough'), true);
  assert.equal(await users.set('ada', 'changed to this'), false);
  assert.deepEqual(users.names(), ['ada', 'bob']);
  assert.equal(users.remove('bob'), true);
  assert.equal(users.remove('bob'), false);
  await assert.rejects(users.set('robot+x', 'long enough'), /cannot be a user/);
  await assert.rejects(users.set('eve', 'short'), /from 8 to 72 bytes, not 5/);
  await appendFile(usersFile, 'broken');
  assert.throws(() => users.names(), /line 2/);

  const robots = new RobotStore(path.join(root.path, 'robots'), systemClock);
  const rights = [{ repositories: ['**'], actions: ['pull'] }];
  robots.set({ name: 'ci', rights, lifetimeMs: 1000 });
  assert.deepEqual(
    robots.list().map(({ name }) => name),
    ['robot+ci'],
  );
  assert.equal(JSON.stringify(robots.list()).includes('secret'), false);
  assert.throws(
    () => robots.set({ name: 'x', rights: [{ repositories: ['**'], actions: ['read'] }] }),
    /must be some of/,
  );
  assert.throws(() => robots.set({ name: 'C I', rights }), /cannot be a robot/);
  assert.equal(robots.remove('robot+ci'), true);
  assert.equal(robots.remove('ci'), false);
});

test('a proxy in front that is trusted says whom a request comes from, and how', async () => {
  await using root = await temporaryRoot('registry');
  const file = (name: string): string => path.join(root.path, name);
  await new UserFile(file('users')).set('root', 'a long password');
  for (const [proxies, address, realm] of [
    [['127.0.0.1'], '203.0.113.9', 'https://registry.test/token'],
    [[], '127.0.0.1', /^http:\/\/127\.0\.0\.1:\d+\/token$/],
  ] as const) {
    const settings = readRegistrySettings({
      root: file('data'),
      listen: ['127.0.0.1:0'],
      access: { 'users-file': file('users') },
      'trusted-proxies': proxies,
      audit: { file: file('audit.log') },
    });
    await using registry = await openRegistry({ settings, userAgent, logger: silentLogger });
    const [bound = assert.fail()] = registry.addresses;
    assert.ok('port' in bound);
    const { headers } = await fetch(`http://127.0.0.1:${bound.port}/v2/`, {
      headers: {
        Authorization: `Basic ${Buffer.from('root:wrong').toString('base64')}`,
        'X-Forwarded-For': '203.0.113.9',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Host': 'registry.test',
      },
    });
    const told = /realm="([^"]*)"/.exec(headers.get('www-authenticate') ?? '')?.[1] ?? '';
    if (typeof realm === 'string') assert.equal(told, realm);
    else assert.match(told, realm);
    const last = (await readFile(file('audit.log'), 'utf8')).trim().split('\n').at(-1) ?? '';
    assert.equal((JSON.parse(last) as { remoteAddress?: string }).remoteAddress, address);
  }
  assert.throws(() => readRegistrySettings({ 'trusted-proxies': ['proxy.test'] }), /trusted-proxies/);
});
