import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CheckReporter, defaultCheckOptions, parseDockerfile } from '@gantry/dockerfile';
import { checkBases } from './check-bases.ts';

test('reports on variables and platforms of FROM', () => {
  const cases: [string, string[]][] = [
    ['ARG TAG=1\nFROM a:$TAG', []],
    ['FROM a:x$TAGG', ["UndefinedArgInFrom: FROM argument 'TAGG' is not declared"]],
    [
      'ARG IMAGE=a\nFROM $IMAG',
      [
        "UndefinedArgInFrom: FROM argument 'IMAG' is not declared (did you mean IMAGE?)",
        'InvalidDefaultArgInFrom: Default value for ARG $IMAG results in empty or invalid base image name',
      ],
    ],
    [
      'ARG TAG\nFROM a:${TAG}',
      ['InvalidDefaultArgInFrom: Default value for ARG a:${TAG} results in empty or invalid base image name'],
    ],
    [
      'FROM --platform=$TARGETPLATFORM a',
      [
        'RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
      ],
    ],
    [
      'FROM --platform=linux/arm64 a AS b',
      ['FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value "linux/arm64"'],
    ],
    ['FROM --platform=linux/arm64 a AS build-arm64\nFROM --platform=$BUILDPLATFORM a', []],
  ];
  for (const [text, expected] of cases) {
    const reporter = new CheckReporter(defaultCheckOptions);
    checkBases(parseDockerfile(Buffer.from(text)), reporter);
    assert.deepEqual(
      reporter.warnings.map(({ name, message }) => `${name}: ${message}`),
      expected,
      text,
    );
  }
});
