import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textLine } from './text-lines.ts';

test('a line of text has the fields of the line of JSON, quoted where they need it', () => {
  const json = JSON.stringify({
    level: 'warn',
    time: '2030-01-01T00:00:00.000Z',
    pid: 1,
    port: 80,
    message: 'two\nlines',
    error: 'a "b"',
    containerId: 'abc',
  });
  assert.equal(
    textLine(json),
    String.raw`time="2030-01-01T00:00:00.000Z" level=warning msg="two\nlines" containerId=abc error="a \"b\"" port=80` +
      '\n',
  );
});
