import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namePattern } from '../patterns/name-pattern.ts';
import { readAccessSettings } from './access-settings.ts';
import { parseRobots } from './robots/robot-file.ts';
import { formatHtpasswd, parseHtpasswd } from './users/htpasswd.ts';

const bcrypt = `$2y$10$${'a'.repeat(53)}`;

test('an htpasswd with bcrypt hashes is read, with comments and empty lines', () => {
  const users = parseHtpasswd(`# people\nada:${bcrypt}\n\nbob@example.org:${bcrypt}\r\n`);
  assert.deepEqual([...users.keys()], ['ada', 'bob@example.org']);
  assert.deepEqual(parseHtpasswd(formatHtpasswd(users)), users);
});

const wrongLines: [content: string, said: RegExp][] = [
  ['ada:$apr1$x$y', /line 1: the password of ada is not a bcrypt hash \(htpasswd -B makes one\)/],
  ['ada:{SHA}abc', /not a bcrypt hash/],
  ['ada:secret', /not a bcrypt hash/],
  [`ada:${bcrypt.replace('10', '16')}`, /cost 16; it must be from 4 to 14/],
  [`ada:${bcrypt}\nada:${bcrypt}`, /line 2: user ada is there twice/],
  ['just words', /line 1: not "name:hash"/],
  [`robot+x:${bcrypt}`, /line 1: not "name:hash"/],
];

for (const [content, said] of wrongLines) {
  test(`${content.slice(0, 20).replace('\n', ' ')} in an htpasswd is refused: ${said.source}`, () => {
    assert.throws(() => parseHtpasswd(content), said);
  });
}

test('a file of robots says what is wrong in it', () => {
  const robot = { secretSha256: 'a'.repeat(64), rights: [], createdAt: '2026-01-01T00:00:00Z' };
  const file = (robots: unknown): string => JSON.stringify({ version: 1, robots });
  assert.deepEqual([...parseRobots(file({ ci: robot })).keys()], ['robot+ci']);
  assert.throws(() => parseRobots('{'), /is not JSON/);
  assert.throws(
    () => parseRobots('{"version":2,"robots":{}}'),
    /version: must be a whole number from 1 to 1/,
  );
  assert.throws(() => parseRobots(file({ 'C I': robot })), /is not a name/);
  assert.throws(() => parseRobots(file({ ci: { ...robot, secretSha256: 'x' } })), /64 hex digits/);
  assert.throws(() => parseRobots(file({ ci: { ...robot, endsAt: 'soon' } })), /endsAt: must be a time/);
  assert.throws(() => parseRobots(file({ ci: { ...robot, admin: true } })), /admin: is not known/);
});

const wrongSettings: [value: unknown, said: RegExp][] = [
  [[], /access: must be an object/],
  [{}, /access.users-file: is missing: nobody could sign in/],
  [{ 'users-file': 'f', user: 'x' }, /access.user: is not known/],
  [
    { 'users-file': 'f', rights: [{ repositories: ['**'], callers: ['*'], actions: ['write'] }] },
    /access.rights\[0\].actions: must be some of pull, push, delete/,
  ],
  [
    { 'users-file': 'f', rights: [{ repositories: ['(a|b)'], callers: ['*'], actions: ['pull'] }] },
    /access.rights\[0\].repositories: "\(a\|b\)" is not a pattern/,
  ],
  [{ 'users-file': 'f', tokens: { lifetime: '5s' } }, /access.tokens.lifetime: must be a minute or more/],
  [
    { 'users-file': 'f', tokens: { realm: 'ftp://x' } },
    /access.tokens.realm: must be an http or https address/,
  ],
  [{ 'users-file': 'f', tokens: { lifetime: 'a day' } }, /access.tokens.lifetime: time: invalid duration/],
  [{ 'users-file': 'f', 'anonymous-pull': 'yes' }, /access.anonymous-pull: must be a list of texts/],
];

for (const [value, said] of wrongSettings) {
  test(`settings of access are refused: ${said.source}`, () => {
    assert.throws(() => readAccessSettings(value), said);
  });
}

const patterns: [pattern: string, name: string, matches: boolean][] = [
  ['team/*', 'team/app', true],
  ['team/*', 'team/app/deeper', false],
  ['team/**', 'team/app/deeper', true],
  ['**', 'any/thing', true],
  ['*', 'any/thing', false],
  ['v?.*', 'v1.2', true],
  ['v1.2', 'v1x2', false],
  ['a+b', 'aab', false],
];

for (const [pattern, name, matches] of patterns) {
  test(`${pattern} ${matches ? 'matches' : 'does not match'} ${name}`, () => {
    assert.equal(namePattern(pattern, 'x').matches(name), matches);
  });
}
