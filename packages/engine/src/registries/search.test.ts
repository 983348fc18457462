import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchFilter } from './search-filter.ts';
import { splitSearchTerm } from './search-term.ts';

test('a term is for Docker Hub unless it begins with a host', () => {
  for (const [text, registry, term] of [
    ['debian', 'docker.io', 'debian'],
    ['team/app', 'docker.io', 'team/app'],
    ['library/debian', 'docker.io', 'debian'],
    ['docker.io/library/debian', 'docker.io', 'debian'],
    ['index.docker.io/x', 'docker.io', 'x'],
    ['r.test/team/app', 'r.test', 'team/app'],
    ['localhost/app', 'localhost', 'app'],
    ['r:5000/app', 'r:5000', 'app'],
  ] as const) {
    assert.deepEqual(splitSearchTerm(text), { registry, term });
  }
});

test('a term with a scheme, or with what is no host in front, is refused', () => {
  assert.throws(() => splitSearchTerm('https://r.test/x'), {
    message: 'invalid repository name: repository name (https://r.test/x) should not have a scheme',
  });
  assert.throws(() => splitSearchTerm('me@r.test:80/x'), { code: 'search-invalid' });
});

test('filters pick official ones and those with stars, and nothing is automated', () => {
  const all = [
    { name: 'a', description: '', starCount: 2, isOfficial: true },
    { name: 'b', description: '', starCount: 9, isOfficial: false },
  ];
  const found = (name: string, ...values: string[]): string =>
    all
      .filter(searchFilter(new Map([[name, values]])))
      .map((one) => one.name)
      .join('');
  assert.equal(found('is-official', 'true'), 'a');
  assert.equal(found('is-official', '0'), 'b');
  assert.equal(found('stars', '3'), 'b');
  assert.equal(found('stars', '1', '10'), '');
  assert.equal(found('is-automated', 'true'), '');
  assert.equal(found('is-automated', 'false'), 'ab');
  assert.throws(() => found('is-official', 'maybe'), { message: "invalid filter 'is-official=[maybe]'" });
  assert.throws(() => found('stars', 'x'), { message: "invalid filter 'stars=[x]'" });
  assert.throws(() => found('label', 'x'), { message: "invalid filter 'label'" });
});
