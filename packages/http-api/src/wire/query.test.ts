import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidRequestError } from '../errors.ts';
import { parseFilters } from './filters.ts';
import { platformFromJson, platformFromText } from './platform.ts';
import { Query } from './query.ts';
import { parseRegistryAuth } from './registry-auth.ts';

describe('Query', () => {
  it("reads booleans by Docker's rule", () => {
    for (const word of ['', '0', 'no', 'false', 'none', 'FALSE', ' no ']) {
      assert.equal(new Query(`a=${encodeURIComponent(word)}`).flag('a', true), false, word);
    }
    for (const word of ['1', 'true', 'yes', '2', 'x'])
      assert.equal(new Query(`a=${word}`).flag('a'), true, word);
    assert.equal(new Query('').flag('a', true), true);
    assert.equal(new Query('a').flag('a', true), false);
  });

  it('reads whole numbers and refuses others by name', () => {
    assert.equal(new Query('t=-1').integer('t'), -1);
    assert.equal(new Query('t=').integer('t'), undefined);
    for (const text of ['1.5', 'x', '1e3', '0x10', '99999999999999999999', '1 2']) {
      assert.throws(() => new Query(`t=${text}`).integer('t'), /for t: not an integer/);
    }
  });

  it('reads seconds with a fraction as nanoseconds', () => {
    assert.equal(new Query('s=1700000000').timestampNs('s'), 1_700_000_000_000_000_000n);
    assert.equal(new Query('s=1700000000.5').timestampNs('s'), 1_700_000_000_500_000_000n);
    assert.equal(new Query('s=1700000000.000000001').timestampNs('s'), 1_700_000_000_000_000_001n);
    assert.throws(() => new Query('s=2020-01-01').timestampNs('s'), InvalidRequestError);
  });
});

describe('parseFilters', () => {
  const parse = (filters: string): [string, readonly string[]][] => [
    ...parseFilters(new Query(new URLSearchParams({ filters }).toString())),
  ];

  it('reads both shapes that clients send', () => {
    assert.deepEqual(parse('{"label":{"a=b":true,"c":false}}'), [['label', ['a=b', 'c']]]);
    assert.deepEqual(parse('{"label":["a=b","c"],"status":["running"]}'), [
      ['label', ['a=b', 'c']],
      ['status', ['running']],
    ]);
    assert.deepEqual(parse(''), []);
    assert.deepEqual(parse('{}'), []);
    assert.deepEqual(parse('null'), []);
    assert.deepEqual(parse('{"__proto__":["x"]}'), [['__proto__', ['x']]]);
  });

  it('refuses everything else', () => {
    for (const text of [
      '[]',
      '"a"',
      '{"a":"b"}',
      '{"a":[1]}',
      '{"a":{"b":1}}',
      '{"a":null}',
      '{',
      'x'.repeat(10_000),
    ]) {
      assert.throws(
        () => parse(text),
        (error: Error) => {
          assert.ok(error instanceof InvalidRequestError);
          return error.message.startsWith('invalid filters: ') && error.message.length < 300;
        },
      );
    }
  });
});

describe('platform', () => {
  const query = (platform: string): Query => new Query(new URLSearchParams({ platform }).toString());

  it('is text for create and pull, JSON elsewhere', () => {
    assert.deepEqual(platformFromText(query('linux/arm64/v8')), { os: 'linux', architecture: 'arm64' });
    assert.deepEqual(platformFromJson(query('{"os":"linux","architecture":"arm","variant":"v7"}')), {
      os: 'linux',
      architecture: 'arm',
      variant: 'v7',
    });
    assert.equal(platformFromText(query('')), undefined);
    assert.equal(platformFromJson(query('')), undefined);
  });

  it('is refused when it is neither', () => {
    for (const text of ['linux/arm64', '{}', 'null', '[]', '{"os":1,"architecture":"x"}']) {
      assert.throws(() => platformFromJson(query(text)), InvalidRequestError);
    }
    assert.throws(() => platformFromText(query('a/b/c/d')));
  });
});

describe('parseRegistryAuth', () => {
  const header = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  it('reads credentials with and without padding', () => {
    const auth = { username: 'u', password: 'p?>' };
    assert.deepEqual(parseRegistryAuth(header(auth)), auth);
    assert.deepEqual(parseRegistryAuth(`${header(auth)}==`), auth);
  });

  it('takes none for what says nothing or cannot be read', () => {
    for (const text of [undefined, '', 'e30=', '!!!', header([]), header(null), header({ username: 1 })]) {
      assert.equal(parseRegistryAuth(text), undefined);
    }
  });
});
