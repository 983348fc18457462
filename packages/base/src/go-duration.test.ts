import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGoDuration } from './go-duration.ts';

test('durations are read as Go reads them', () => {
  for (const [text, expected] of [
    ['0', 0],
    ['1h30m', 5400e9],
    ['1.5s', 1.5e9],
    ['-10ms', -10e6],
    ['2us', 2000],
    ['.5s', 5e8],
    ['3µs', 3000],
  ] as const) {
    assert.equal(parseGoDuration(text), expected, text);
  }
  for (const text of ['', '5', 'h', '1d', '1h5', '1h x', '99999999h'])
    assert.throws(() => parseGoDuration(text), /^Error: time: /, text);
});
