import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTrigger } from './parse-trigger.ts';

test('reads a trigger back as one instruction', () => {
  assert.equal(parseTrigger('COPY . /app').name, 'COPY');
  const run = parseTrigger('RUN <<EOF\na\nEOF');
  assert.deepEqual(run.name === 'RUN' && run.heredocs.map(({ content }) => content), ['a\n']);
});

test('refuses a trigger that is not one instruction, or one that may be none', () => {
  for (const text of ['', 'RUN a\nRUN b', 'FROM x', 'ONBUILD RUN a', 'MAINTAINER x'])
    assert.throws(() => parseTrigger(text), { name: 'DockerfileError' }, text);
});
