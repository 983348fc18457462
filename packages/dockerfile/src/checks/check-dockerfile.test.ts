import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CheckReporter,
  type CheckWarning,
  checkDockerfile,
  checkRules,
  parseCheckOptions,
  parseDockerfile,
} from '../index.ts';

function check(text: string): readonly CheckWarning[] {
  const file = parseDockerfile(Buffer.from(text));
  const reporter = new CheckReporter(parseCheckOptions(file.directives.check ?? ''));
  checkDockerfile(file, reporter);
  return reporter.warnings;
}

const told = (text: string): string[] =>
  check(text).map(({ name, message, lines }) => `${lines.first} ${name}: ${message}`);

test('reports what the text alone shows', () => {
  const cases: [string, string[]][] = [
    ['FROM scratch AS Build', ["1 StageNameCasing: Stage name 'Build' should be lowercase"]],
    ['FROM scratch as build', ["1 FromAsCasing: 'as' and 'FROM' keywords' casing do not match"]],
    ['FROM scratch\nRUN a \\\n\n b', ['4 NoEmptyContinuation: Empty continuation line']],
    [
      'FROM scratch\nRUN a\nrun b',
      [
        "3 ConsistentInstructionCasing: Command 'run' should match the case of the command majority (uppercase)",
      ],
    ],
    [
      'FROM a AS b\nFROM a AS b',
      ['2 DuplicateStageName: Duplicate stage name "b", stage names should be unique'],
    ],
    [
      'FROM a AS context',
      ['1 ReservedStageName: Stage name should not use the same name as reserved stage "context"'],
    ],
    [
      'FROM scratch\nCMD a',
      [
        '2 JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
      ],
    ],
    [
      'FROM scratch\nMAINTAINER x',
      ['2 MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label'],
    ],
    [
      'FROM scratch\nCMD ["a"]\nCMD ["b"]',
      [
        '2 MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same stage because only the last one will be used',
      ],
    ],
    [
      'FROM scratch\nENV a b',
      ['2 LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format'],
    ],
    [
      'FROM scratch\nARG DB_PASSWORD\nENV PUBLIC_KEY=x API_TOKEN=y',
      [
        '2 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "DB_PASSWORD")',
        '3 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "API_TOKEN")',
      ],
    ],
  ];
  for (const [text, expected] of cases) assert.deepEqual(told(text), expected, text);
});

test('says nothing of a file that is in order', () => {
  assert.deepEqual(
    told(
      '# syntax=docker/dockerfile:1\nFROM a AS b\nSHELL ["sh", "-c"]\nCMD a\n# not of this kind\nFROM b\nCMD ["a"]',
    ),
    [],
  );
});

test('leaves out what the directive or the comment above says, and runs experimental rules when asked to', () => {
  assert.deepEqual(told('# check=skip=all\nFROM scratch AS Build'), []);
  assert.deepEqual(told('# check=skip=StageNameCasing\nFROM scratch as Build').length, 1);
  assert.deepEqual(told('FROM scratch\n# check=skip=JSONArgsRecommended\nCMD a\n'), []);
  assert.deepEqual(
    told('# check=experimental=InvalidDefinitionDescription\n# other words\nFROM scratch AS b'),
    ['3 InvalidDefinitionDescription: Comment for FROM should follow the format: `# b <description>`'],
  );
  assert.equal(parseCheckOptions('error=true').error, true);
  for (const text of ['skip', 'x=y', 'error=maybe'])
    assert.throws(() => parseCheckOptions(text), /check option/);
});

test('knows the 22 rules and their pages', () => {
  assert.equal(Object.keys(checkRules).length, 22);
  const [warning] = check('FROM scratch AS Build');
  assert.equal(warning?.url, 'https://docs.docker.com/go/dockerfile/rule/stage-name-casing/');
  assert.equal(warning?.description, 'Stage names should be lowercase');
});
