import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { InvalidRequestError } from '../errors.ts';
import { parseJson } from './json.ts';

describe('parseJson', () => {
  it('reads what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 10 }), (text) => {
        assert.deepEqual(parseJson(Buffer.from(text)), JSON.parse(text));
      }),
    );
  });

  it('throws InvalidRequestError, and nothing else, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseJson(Buffer.from(bytes));
        } catch (error) {
          assert.ok(error instanceof InvalidRequestError);
          assert.match(error.message, /^invalid JSON: /);
        }
      }),
    );
  });

  it('refuses deep nesting before parsing it', () => {
    const deep = Buffer.from(`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`);
    assert.throws(() => parseJson(deep), /nested deeper than 64/);
    assert.throws(() => parseJson(Buffer.from('{"a":'.repeat(65))), /nested deeper than 64/);
  });

  it('does not count brackets within strings', () => {
    const text = JSON.stringify({ a: `${'['.repeat(100)}"\\${'{'.repeat(100)}` });
    assert.deepEqual(parseJson(Buffer.from(text)), JSON.parse(text));
  });

  it('refuses an empty body and one with more than one value', () => {
    assert.throws(() => parseJson(Buffer.from(' \n')), /got EOF while reading request body/);
    assert.throws(() => parseJson(Buffer.from('{}{}')), InvalidRequestError);
  });
});
