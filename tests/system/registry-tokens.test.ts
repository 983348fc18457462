import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { FakeRegistry } from '@gantry/distribution/testing';
import { loadBusybox } from '../support/busybox-image.ts';
import { programs, TestDaemon } from '../support/test-daemon.ts';

const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`;
let daemon: TestDaemon;
let registry: FakeRegistry;
/** What the token service was asked by, in order: a password or a refresh token. */
let grants: string[];

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  registry = await FakeRegistry.start();
  registry.interfere = async (request, response) => {
    const { url = '', headers } = request;
    if (url.startsWith('/token')) {
      let form = '';
      for await (const chunk of request) form += String(chunk);
      return answerToken(response, { authorization: headers.authorization, url, form });
    }
    if (headers.authorization === 'Bearer access') return false;
    const challenge = `Bearer realm="http://${registry.host}/token",service="registry"`;
    response.writeHead(401, { 'WWW-Authenticate': challenge }).end();
    return true;
  };
});
after(async () => {
  await registry[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
});
beforeEach(() => {
  grants = [];
});

function answerToken(
  response: ServerResponse,
  { authorization, url, form }: { authorization: string | undefined; url: string; form: string },
): true {
  const refresh = new URLSearchParams(form).get('refresh_token');
  const isOffline = url.includes('offline_token=true');
  if (authorization === basic) grants.push(isOffline ? 'password, for a refresh token' : 'password');
  if (refresh !== null) grants.push(`refresh token ${refresh}`);
  const isRight = authorization === basic || refresh === 'the-identity';
  response.writeHead(isRight ? 200 : 401, { 'Content-Type': 'application/json' });
  const token = { token: 'access', access_token: 'access', expires_in: 300 };
  const given = isOffline ? { ...token, refresh_token: 'the-identity' } : token;
  response.end(JSON.stringify(isRight ? given : { details: 'incorrect username or password' }));
  return true;
}

/** A directory of the client's own, with a credential store of two files. */
function clientDirectory(name: string, config: object): Record<string, string> {
  const directory = path.join(daemon.root, name);
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'config.json'), JSON.stringify(config));
  const helper = path.join(directory, 'docker-credential-test');
  writeFileSync(
    helper,
    `#!/bin/sh\ncase $1 in store) cat >'${directory}/kept' ;; get) cat >/dev/null; cat '${directory}/kept' ;; esac\n`,
  );
  chmodSync(helper, 0o755);
  return { DOCKER_CONFIG: directory, PATH: `${directory}:${process.env['PATH']}` };
}

for (const program of programs) {
  describe(`by ${program}`, () => {
    for (const [title, config] of [
      ['file', {}],
      ['credential store', { credsStore: 'test' }],
    ] as const) {
      test(`an identity token is kept in the ${title}, and pushes and pulls`, async () => {
        const env = clientDirectory(`${program}-${title.length}`, config);
        const { DOCKER_CONFIG: directory = '' } = env;
        const login = await daemon[program](['login', '-u', 'me', '--password-stdin', registry.host], {
          env,
          stdin: 'secret',
        });
        assert.equal(login.exitCode, 0, login.stderr);
        const file = readFileSync(path.join(directory, 'config.json'), 'utf8');
        assert.doesNotMatch(file, /secret|bWU6c2VjcmV0/);
        if (title === 'file') assert.match(file, /"identitytoken":\s*"the-identity"/);
        else {
          const kept: unknown = JSON.parse(readFileSync(path.join(directory, 'kept'), 'utf8'));
          assert.deepEqual(kept, { ServerURL: registry.host, Username: '<token>', Secret: 'the-identity' });
        }
        assert.deepEqual(grants, ['password, for a refresh token']);
        const name = `${registry.host}/team/${program}:1`;
        await daemon.ok('tag', 'mirror/busybox', name);
        for (const verb of ['push', 'pull']) {
          const { exitCode, stderr } = await daemon[program]([verb, name], { env });
          assert.equal(exitCode, 0, stderr);
        }
        assert.deepEqual([...new Set(grants.slice(1))], ['refresh token the-identity']);
        await daemon.ok('rmi', name);
      });
    }
  });
}
