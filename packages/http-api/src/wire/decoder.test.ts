import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerCreateBody } from '../bodies/container-create.ts';
import { InvalidRequestError } from '../errors.ts';
import { consoleSize, integer, list, map, struct, text, word, words } from './decoder.ts';

const decode = (body: unknown): unknown => containerCreateBody.decode(body, '');

/** The message of a refusal. */
function refusal(body: unknown): string {
  try {
    decode(body);
  } catch (error) {
    assert.ok(error instanceof InvalidRequestError);
    return error.message;
  }
  return assert.fail('was not refused');
}

describe('struct', () => {
  it('finds fields whatever their case, and gives them their own spelling', () => {
    assert.deepEqual(decode({ image: 'a', HOSTCONFIG: { memory: 5, RESTARTpolicy: { name: 'no' } } }), {
      Image: 'a',
      HostConfig: { Memory: 5, RestartPolicy: { Name: 'no' } },
    });
  });

  it('lets the last of two equal fields win', () => {
    assert.deepEqual(decode(JSON.parse('{"Image":"a","image":"b"}')), { Image: 'b' });
    assert.deepEqual(decode(JSON.parse('{"Image":"a","Image":"c"}')), { Image: 'c' });
  });

  it('drops unknown fields and nulls', () => {
    assert.deepEqual(decode({ Image: null, Cmd: null, Bogus: { deep: [1] } }), {});
  });

  it('ignores __proto__ and constructor as fields', () => {
    const decoded = decode(JSON.parse('{"__proto__":{"Image":"evil"},"constructor":{"x":1},"Tty":true}'));
    assert.deepEqual(decoded, { Tty: true });
    assert.equal(({} as { Image?: string }).Image, undefined);
    assert.equal((decoded as { Image?: string }).Image, undefined);
  });

  it('names the field that has the wrong type', () => {
    assert.equal(refusal([]), 'invalid JSON: body must be an object, not a list');
    assert.equal(refusal({ Tty: 'yes' }), 'invalid JSON: Tty must be a boolean, not "yes"');
    assert.equal(
      refusal({ hostconfig: { memory: '1g' } }),
      'invalid JSON: HostConfig.Memory must be an integer, not "1g"',
    );
    assert.equal(
      refusal({ HostConfig: { Mounts: [{}, { Type: 1 }] } }),
      'invalid JSON: HostConfig.Mounts[1].Type must be a string, not number',
    );
    assert.equal(refusal({ Env: ['A=1', 2] }), 'invalid JSON: Env[1] must be a string, not number');
    assert.equal(refusal({ Labels: { a: 1 } }), 'invalid JSON: Labels["a"] must be a string, not number');
  });

  it('keeps what a client says short in the message', () => {
    assert.ok(refusal({ Tty: 'x'.repeat(100_000) }).length < 300);
    assert.ok(refusal({ Labels: { ['k'.repeat(100_000)]: 1 } }).length < 300);
  });
});

describe('integer', () => {
  it('takes 64 bits and no fractions', () => {
    for (const value of [0, -1, 2 ** 53, 2 ** 63]) assert.equal(integer.decode(value, 'n'), value);
    for (const value of [1.5, '1', 1e30, true, null])
      assert.throws(() => integer.decode(value, 'n'), InvalidRequestError);
  });
});

describe('words', () => {
  it('takes one string for a list of one', () => {
    assert.deepEqual(words.decode('echo a', 'Cmd'), ['echo a']);
    assert.deepEqual(words.decode(['echo', 'a'], 'Cmd'), ['echo', 'a']);
    assert.throws(() => words.decode({}, 'Cmd'), InvalidRequestError);
  });
});

describe('map', () => {
  it('refuses the key __proto__ and keeps other odd keys as data', () => {
    const labels = map(text);
    assert.throws(
      () => labels.decode(JSON.parse('{"__proto__":"x"}'), 'Labels'),
      /"__proto__" is not allowed/,
    );
    assert.deepEqual(Object.entries(labels.decode({ constructor: 'a', '': 'b' }, 'Labels')), [
      ['constructor', 'a'],
      ['', 'b'],
    ]);
  });

  it('takes null for an empty value', () => {
    assert.deepEqual(map(text).decode({ a: null }, ''), { a: '' });
    assert.deepEqual(list(struct({ A: text })).decode([null, { a: 'x' }], ''), [{}, { A: 'x' }]);
    assert.deepEqual(decode({ HostConfig: { PortBindings: { '80/tcp': null } } }), {
      HostConfig: { PortBindings: { '80/tcp': null } },
    });
  });
});

describe('word', () => {
  it('takes an empty string for absence, and leaves it to others which words there are', () => {
    assert.equal(word().decode('', ''), undefined);
    assert.equal(word<'a'>().decode('b', ''), 'b');
  });
});

describe('consoleSize', () => {
  it('is two numbers that are not negative', () => {
    assert.deepEqual(consoleSize.decode([24, 80], ''), [24, 80]);
    for (const value of [[24], [1, 2, 3], [-1, 2], ['1', '2']]) {
      assert.throws(() => consoleSize.decode(value, ''), InvalidRequestError);
    }
  });
});
