import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDockerfile } from '@gantry/dockerfile';
import { refuseUnbuiltArguments } from './builder-arguments.ts';
import { checkSyntax } from './check-syntax.ts';

test('build arguments for the builder that it has no use for are refused by name', () => {
  assert.throws(
    () => refuseUnbuiltArguments(new Map([['BUILDKIT_SBOM_SCAN_STAGE', '1']])),
    /the build argument BUILDKIT_SBOM_SCAN_STAGE is not supported yet/,
  );
  refuseUnbuiltArguments(
    new Map<string, string | undefined>([
      ['BUILDKIT_SBOM_SCAN_STAGE', '0'],
      ['BUILDKIT_SBOM_SCAN_CONTEXT', undefined],
      ['BUILDKIT_CONTEXT_KEEP_GIT_DIR', '1'],
    ]),
  );
});

test('the language that a build argument names comes before that of the Dockerfile', () => {
  const file = parseDockerfile(Buffer.from('# syntax=docker/dockerfile:1\nFROM scratch\n'));
  assert.throws(
    () => checkSyntax(file, new Map([['BUILDKIT_SYNTAX', 'example.com/other']])),
    /the frontend image example.com\/other is not supported/,
  );
  checkSyntax(file, new Map());
});
