import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuildOptionNotBuiltError } from '@gantry/builder';
import { answerSubrequest } from './subrequests.ts';

function ask(
  name: string,
  dockerfile: string,
  checkOptions = '',
): { json: unknown; text: string; code: string } {
  const answer = answerSubrequest(
    name,
    { name: 'Dockerfile', bytes: Buffer.from(dockerfile) },
    { checkOptions },
  );
  const text = (key: string): string => Buffer.from(answer.get(key) ?? []).toString();
  return { json: JSON.parse(text('result.json')), text: text('result.txt'), code: text('result.statuscode') };
}

test('tells what checks find, with the lines', () => {
  const { text, code, json } = ask('frontend.lint', 'from scratch\nMAINTAINER me\nCOPY a /\n');
  assert.equal(code, '1');
  assert.match(text, /WARNING: MaintainerDeprecated - https:/);
  assert.match(text, /Dockerfile:2\n-{20}\n {3}1 \| {5}from scratch\n {3}2 \| >>> MAINTAINER me\n/);
  assert.ok((json as { warnings: unknown[] }).warnings.length >= 2);
  assert.equal(ask('frontend.lint', 'FROM scratch\nCOPY a /\n').code, '0');
  assert.equal(ask('frontend.lint', 'FROM scratch\nMAINTAINER me\n', 'skip=all').code, '0');
});

test('tells of a Dockerfile that cannot be read', () => {
  const { json, code } = ask('frontend.lint', 'FROM scratch\nRUNN x\n');
  assert.equal(code, '1');
  assert.match(JSON.stringify(json), /"buildError":\{"message":"dockerfile parse error on line 2/);
});

test('lists stages with their descriptions', () => {
  const { text } = ask('frontend.targets', '# build makes it\nFROM scratch AS build\nFROM build\n');
  assert.equal(text, 'TARGET    DESCRIPTION\nbuild     makes it\n(default) \n');
});

test('refuses what it does not know by name', () => {
  assert.throws(() => ask('frontend.dance', 'FROM scratch\n'), BuildOptionNotBuiltError);
});
