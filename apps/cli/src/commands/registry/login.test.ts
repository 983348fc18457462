import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { FakeEngine } from '../../../testing/fake-engine.ts';
import { type ProgramResult, runDocker, runGantry } from '../../../testing/run-program.ts';

const registry = 'r.test:5000';
const root = mkdtempSync(path.join(tmpdir(), 'gantry-login-'));
let engine: FakeEngine;

before(async () => {
  engine = await FakeEngine.start();
  engine.on('POST', '/auth', ({ body }) => {
    const { password, identitytoken } = JSON.parse(body) as Record<string, string>;
    if (password === 'secret') return { json: { Status: 'Login Succeeded', IdentityToken: '' } };
    if (password === 'offline' || identitytoken === 'the-token')
      return { json: { Status: 'Login Succeeded', IdentityToken: 'the-token' } };
    return { status: 401, json: { message: 'incorrect username or password' } };
  });
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

interface Situation {
  readonly title: string;
  readonly config: object;
  readonly args: readonly string[];
  readonly input?: string;
}

// An older one says other words.
const old = process.env['GANTRY_OLD_DOCKER'];
const skip = old !== undefined && `needs the docker CLI 28, here is ${old}`;

const pair = (text: string): string => Buffer.from(text).toString('base64');
const byPassword = ['-u', 'me', '--password-stdin', registry];
const situations: readonly Situation[] = [
  { title: 'a password', config: {}, args: byPassword, input: 'secret\n' },
  { title: 'a wrong password', config: {}, args: byPassword, input: 'wrong\n' },
  {
    title: 'a password for which there is an identity token',
    config: {},
    args: byPassword,
    input: 'offline',
  },
  {
    title: 'a password for which there is an identity token, and a credential store',
    config: { credsStore: 'test' },
    args: byPassword,
    input: 'offline',
  },
  {
    title: 'a password, and a credential helper of the registry',
    config: { credHelpers: { [registry]: 'test' } },
    args: byPassword,
    input: 'secret',
  },
  {
    title: 'what is stored',
    config: { auths: { [registry]: { auth: pair('me:secret') } } },
    args: [registry],
  },
  {
    title: 'what is stored and holds no more, without a terminal to ask',
    config: { auths: { [registry]: { auth: pair('me:old') } } },
    args: [registry],
  },
];

describe('login prints, asks, stores and ends as docker does, by', () => {
  for (const situation of situations) {
    test(situation.title, { skip }, async () => {
      const docker = await login(runDocker, 'docker', situation);
      const gantry = await login(runGantry, 'gantry', situation);
      assert.deepEqual(gantry, docker);
    });
  }
});

test('login goes on with an identity token that is stored, of the file or of a helper', async () => {
  const auths = { [registry]: { auth: pair('me:'), identitytoken: 'the-token' } };
  const config = { auths };
  const done = await login(runGantry, 'gantry', { title: '', config, args: [registry] });
  assert.deepEqual(done, {
    code: 0,
    stdout: 'Login Succeeded\n',
    stderr: intro(' [Username: me]'),
    asked: [{ username: 'me', identitytoken: 'the-token', serveraddress: registry }],
    stored: config,
    helper: [],
  });
  const helped = { credsStore: 'test', auths: { [registry]: {} } };
  const again = await login(runGantry, 'gantry', { title: '', config: helped, args: [registry] });
  assert.deepEqual(again, {
    code: 0,
    stdout: 'Login Succeeded\n',
    stderr: intro(''),
    asked: [{ identitytoken: 'the-token', serveraddress: registry }],
    stored: helped,
    helper: ['get', registry, 'store', { ServerURL: registry, Username: '<token>', Secret: 'the-token' }],
  });
});

function intro(who: string): string {
  return `Authenticating with existing credentials...${who}\n\n Info -> To login with a different account, run 'gantry logout' followed by 'gantry login'\n\n\n`;
}

let count = 0;

/** What the program did, with what it left in its directory, whose name is cut out. */
async function login(
  run: typeof runDocker,
  name: string,
  { config, args, input = '' }: Situation,
): Promise<object> {
  const home = path.join(root, `${name}-${(count += 1)}`);
  mkdirSync(home);
  const file = path.join(home, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  const helper = path.join(home, 'docker-credential-test');
  writeFileSync(
    helper,
    `#!/bin/sh
{ echo "$1"; cat; echo; } >>'${home}/asked'
if [ "$1" = get ] && grep -q credsStore '${file}' && grep -q '"auths":{"' '${file}'; then
  echo '{"ServerURL":"","Username":"<token>","Secret":"the-token"}'; exit
fi
[ "$1" = store ]
`,
  );
  chmodSync(helper, 0o755);
  writeFileSync(path.join(home, 'asked'), '');
  const from = engine.requests.length;
  const result = await run(['login', ...args], {
    host: engine.host,
    input,
    environment: { DOCKER_CONFIG: home, PATH: `${home}:${process.env['PATH']}` },
  });
  const asked = engine.requests.slice(from).filter((request) => request.path === '/auth');
  return {
    ...plain(result, home),
    asked: asked.map(({ body }) => withoutEmpty(JSON.parse(body) as object)),
    stored: JSON.parse(readFileSync(file, 'utf8')),
    helper: readFileSync(path.join(home, 'asked'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line): unknown => (line.startsWith('{') ? JSON.parse(line) : line)),
  };
}

function plain({ code, stdout, stderr }: ProgramResult, home: string): ProgramResult {
  const cut = (text: string): string => text.replaceAll(home, 'HOME').replaceAll('docker', 'gantry');
  return { code, stdout: cut(stdout), stderr: cut(stderr) };
}

function withoutEmpty(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== ''));
}
