import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, formatTimeAgo } from './duration-format.ts';
import { formatGeneral } from './number-format.ts';
import { formatBinarySize, formatSize } from './size-format.ts';
import { displayWidth, quote, shortId, truncate } from './text-format.ts';
import { formatGoTime, formatNanoTime } from './time-format.ts';

test('shows sizes with three significant digits and powers of 1000', () => {
  const sizes: [number, string][] = [
    [0, '0B'],
    [999, '999B'],
    [1000, '1kB'],
    [1234, '1.23kB'],
    [74_812_345, '74.8MB'],
    [123_456_789, '123MB'],
    [999_999, '1e+03kB'],
    [1_234_567_890, '1.23GB'],
    [5e15, '5PB'],
  ];
  for (const [size, text] of sizes) assert.equal(formatSize(size), text);
  assert.equal(formatSize(1_234_567, 4), '1.235MB');
});

test('shows memory with four significant digits and powers of 1024', () => {
  assert.equal(formatBinarySize(8_341_823_488), '7.769GiB');
  assert.equal(formatBinarySize(1024), '1KiB');
  assert.equal(formatBinarySize(1023), '1023B');
});

test('rounds like %g', () => {
  const cases: [number, number, string][] = [
    [0, 3, '0'],
    [100, 3, '100'],
    [1000, 3, '1e+03'],
    [0.0001234, 3, '0.000123'],
    [0.00001234, 3, '1.23e-05'],
    [1.5, 6, '1.5'],
    [2, 4, '2'],
  ];
  for (const [value, digits, text] of cases) assert.equal(formatGeneral(value, digits), text);
});

test('words spans as Docker does', () => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  const spans: [number, string][] = [
    [0, 'Less than a second'],
    [second, '1 second'],
    [59 * second, '59 seconds'],
    [minute, 'About a minute'],
    [119 * second, 'About a minute'],
    [2 * minute, '2 minutes'],
    [hour - second, '59 minutes'],
    [hour, 'About an hour'],
    [89 * minute, 'About an hour'],
    [90 * minute, '2 hours'],
    [47 * hour, '47 hours'],
    [48 * hour, '2 days'],
    [13 * day, '13 days'],
    [14 * day, '2 weeks'],
    [59 * day, '8 weeks'],
    [60 * day, '2 months'],
    [729 * day, '24 months'],
    [730 * day, '2 years'],
  ];
  for (const [span, text] of spans) assert.equal(formatDuration(span), text);
  assert.equal(formatTimeAgo(new Date(0), new Date(minute)), 'About a minute ago');
});

test('shows times as Go prints them', () => {
  const time = new Date('2024-05-06T07:08:09.123Z');
  const offset = -time.getTimezoneOffset();
  assert.match(formatGoTime(time), /^2024-05-0[567] \d\d:\d8:09 [+-]\d{4} \S+$/);
  if (offset === 0) {
    assert.equal(formatGoTime(time), '2024-05-06 07:08:09 +0000 UTC');
    assert.equal(formatNanoTime(1_714_979_289_000_000_001n), '2024-05-06T07:08:09.000000001Z');
  }
});

test('cuts text to columns, with an ellipsis in the last', () => {
  assert.equal(truncate('hello', 5), 'hello');
  assert.equal(truncate('hello!', 5), 'hell…');
  assert.equal(truncate('hello', 1), 'h');
  assert.equal(truncate('hello', 0), '');
  assert.equal(truncate('中文字符', 5), '中文…');
  assert.equal(displayWidth('a中'), 3);
});

test('shortens ids, and quotes as Go does', () => {
  assert.equal(shortId(`sha256:${'a'.repeat(64)}`), 'a'.repeat(12));
  assert.equal(shortId('<missing>'), '<missing>');
  const quoted: [string, string][] = [
    ['', '""'],
    ['a b', '"a b"'],
    ['"\\', '"\\"\\\\"'],
    ['\t\n\r\0\x7f', '"\\t\\n\\r\\x00\\x7f"'],
    ['…é中😀', '"…é中😀"'],
    ['\u200b', '"\\u200b"'],
  ];
  for (const [text, expected] of quoted) assert.equal(quote(text), expected);
});
