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
    {
      buildArguments: new Map([
        ['BUILDKIT_DOCKERFILE_CHECK', checkOptions],
        ['GIVEN', 'here'],
      ]),
      target: '',
      namedContexts: new Map(),
      platforms: [],
    },
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

test('outlines what a target takes: arguments, secrets and agents of the stages that it needs', () => {
  const { text, json } = ask(
    'frontend.outline',
    `# VERSION says which one is built
ARG VERSION=1.2
ARG UNUSED
FROM scratch AS base
# WHO is greeted
ARG WHO=world
ARG NOTHING
RUN --mount=type=secret,id=token,required=true --mount=type=ssh,id=key echo $WHO
FROM scratch AS other
ARG OTHER=x
# final is the result
FROM base AS final
ARG VERSION
ARG GIVEN=no
ARG LAST="a b $WHO"
RUN --mount=type=secret,id=opt,env=OPT --mount=type=ssh echo
`,
  );
  const lines = [
    'TARGET:      final',
    'DESCRIPTION: is the result',
    '',
    'BUILD ARG   VALUE       DESCRIPTION',
    'VERSION     1.2         says which one is built',
    'WHO         world       is greeted',
    'NOTHING                 ',
    'GIVEN       here        ',
    'LAST        a b world   ',
    '',
    'SECRET   REQUIRED',
    'token    true',
    'opt      ',
    '',
    'SSH       REQUIRED',
    'key       ',
    'default   ',
    '',
    '',
  ];
  assert.equal(text, lines.join('\n'));
  const { args, secrets } = json as { args: { name: string; location: unknown }[]; secrets: unknown[] };
  assert.deepEqual(args[0], {
    name: 'VERSION',
    description: 'says which one is built',
    value: '1.2',
    location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] },
  });
  assert.deepEqual(secrets[1], {
    name: 'opt',
    location: { ranges: [{ start: { line: 16 }, end: { line: 16 } }] },
  });
});

test('refuses what it does not know by name', () => {
  assert.throws(() => ask('frontend.dance', 'FROM scratch\n'), BuildOptionNotBuiltError);
});
