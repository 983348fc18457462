import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseChallenges } from './challenge.ts';

test('challenges are read with their parameters, quoted or not, several in a header', () => {
  const header =
    'Bearer realm="https://auth.example.org/token",service="a \\"b\\"",scope=x, Basic realm="r, s"';
  assert.deepEqual(
    parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]),
    [
      ['bearer', { realm: 'https://auth.example.org/token', service: 'a "b"', scope: 'x' }],
      ['basic', { realm: 'r, s' }],
    ],
  );
  assert.deepEqual(parseChallenges(undefined), []);
});

test('whatever a registry sends is read at once and without an error', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void parseChallenges(text)));
  parseChallenges(`Bearer ${'a='.repeat(1e6)}`);
  parseChallenges(`Bearer a="${'\\'.repeat(1e6)}`);
});
