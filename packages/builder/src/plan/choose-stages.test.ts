import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDockerfile } from '@gantry/dockerfile';
import { hostPlatform } from '@gantry/oci';
import { BuildArguments } from './build-arguments.ts';
import { refuseCircles, StageNames } from './choose-stages.ts';
import { neededStages, stagesNeededBy } from './needed-stages.ts';

function plan(text: string, target = '', given: Readonly<Record<string, string>> = {}) {
  const file = parseDockerfile(Buffer.from(text));
  const platform = hostPlatform();
  const buildArguments = new BuildArguments({
    given: new Map(Object.entries(given)),
    buildPlatform: platform,
    targetPlatform: platform,
    targetStage: 'default',
    escape: '\\',
  });
  buildArguments.declareGlobals(file.globalArguments);
  const names = new StageNames(file);
  const needs = (stage: (typeof file.stages)[number]) => stagesNeededBy(stage, names, buildArguments);
  return { file, names, needs, buildArguments, target: () => names.target(target) };
}

function needed(text: string, target = '', given: Readonly<Record<string, string>> = {}): number[] {
  const { file, needs, target: find } = plan(text, target, given);
  return neededStages(find(), file, needs).map(({ index }) => index);
}

test('needs only the stages that the target stands on, copies from or mounts', () => {
  const text = `ARG BASE=one
FROM a AS one
FROM b AS two
FROM c AS three
FROM \${BASE} AS four
COPY --from=two / /
RUN --mount=type=bind,from=2,target=/x true
FROM d`;
  assert.deepEqual(needed(text, 'FOUR'), [0, 1, 2, 3]);
  assert.deepEqual(needed(text), [4]);
  assert.deepEqual(needed(text, '1'), [1]);
  assert.deepEqual(needed(text, 'four', { BASE: 'two' }), [1, 2, 3]);
  assert.throws(() => needed(text, 'none'), {
    message: 'target stage "none" could not be found (did you mean one?)',
  });
});

test('a FROM finds stages above it alone, the latest of a name', () => {
  const { file, names } = plan('FROM x AS a\nFROM a AS a\nFROM a');
  assert.deepEqual(
    file.stages.map((stage) => names.base('a', stage)),
    [{ image: 'a' }, { stage: file.stages[0] }, { stage: file.stages[1] }],
  );
});

test('refuses stages that need each other', () => {
  const { needs, target } = plan('FROM x AS a\nCOPY --from=b / /\nFROM a AS b');
  assert.throws(() => refuseCircles(target(), needs), /circular dependency detected on stage: b/);
});

test('arguments: given before default before the head of the file before the platforms', () => {
  const { buildArguments } = plan('ARG A=head\nARG B=${A}x\nARG TARGETOS\nFROM x', '', {
    C: 'given',
    HTTP_PROXY: 'p',
  });
  assert.equal(buildArguments.global('B'), 'headx');
  assert.equal(buildArguments.valueOf('A', undefined), 'head');
  assert.equal(buildArguments.valueOf('A', 'own'), 'own');
  assert.equal(buildArguments.valueOf('TARGETOS', undefined), 'linux');
  assert.equal(buildArguments.valueOf('NONE', undefined), undefined);
  assert.deepEqual(buildArguments.unused(), ['C']);
  assert.equal(buildArguments.valueOf('C', 'own'), 'given');
  assert.deepEqual(buildArguments.unused(), []);
  assert.deepEqual(buildArguments.proxies(), ['HTTP_PROXY=p']);
});
