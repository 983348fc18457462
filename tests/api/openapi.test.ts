import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allowNulls, toJsonSchema, unknownFields } from './swagger-schema.ts';

describe('toJsonSchema', () => {
  it('makes x-nullable an alternative and drops prose', () => {
    assert.deepEqual(
      toJsonSchema({
        type: 'object',
        description: 'x',
        properties: { a: { type: 'string', 'x-nullable': true } },
      }),
      { type: 'object', properties: { a: { anyOf: [{ type: 'string' }, { type: 'null' }] } } },
    );
  });
});

describe('allowNulls', () => {
  it('lets lists and objects be null, and nothing else', () => {
    const schema = allowNulls({ properties: { list: { type: 'array' }, text: { type: 'string' } } });
    assert.deepEqual(schema.properties, {
      list: { anyOf: [{ type: 'array' }, { type: 'null' }] },
      text: { type: 'string' },
    });
  });
});

describe('unknownFields', () => {
  const definitions = {
    A: {
      type: 'object',
      properties: {
        a: { type: 'string' },
        map: { type: 'object', additionalProperties: { $ref: '#/definitions/A' } },
      },
    },
    B: {
      allOf: [
        { $ref: '#/definitions/A' },
        { type: 'object', properties: { b: { items: { $ref: '#/definitions/A' } } } },
      ],
    },
  };

  it('looks through references, allOf, lists and maps', () => {
    const value = { a: '', b: [{ a: '' }, { bad: 1 }], map: { any: { worse: 1 } }, worst: 1 };
    assert.deepEqual(unknownFields({ $ref: '#/definitions/B' }, value, definitions), [
      'b[1].bad',
      'map.any.worse',
      'worst',
    ]);
  });
});
