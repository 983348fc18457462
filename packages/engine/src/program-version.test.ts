import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ProgramVersions, parseProgramVersion } from './program-version.ts';

test('runtimes and init programs say their versions and commits each in their own way', () => {
  assert.deepEqual(parseProgramVersion('crun version 1.8.1\ncommit: f8a096b\nrundir: /run/crun\n'), {
    version: '1.8.1',
    commit: 'f8a096b',
  });
  assert.deepEqual(parseProgramVersion('runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1\ngo: go1.19.8\n'), {
    version: '1.1.5+ds1',
    commit: '1.1.5+ds1-1',
  });
  assert.deepEqual(parseProgramVersion('tini version 0.19.0 - git.de40ad0\n'), {
    version: '0.19.0',
    commit: 'de40ad0',
  });
  assert.deepEqual(parseProgramVersion('tini version 0.1.7_catatonit\n'), {
    version: '0.1.7_catatonit',
    commit: '',
  });
});

test('a program is asked again only when its file has changed', () => {
  const directory = mkdtempSync('/tmp/gantry-program-version-');
  try {
    const program = path.join(directory, 'program');
    const write = (version: string, changed: number): void => {
      writeFileSync(program, `#!/bin/sh\necho asked >>${directory}/asked\necho program version ${version}\n`);
      chmodSync(program, 0o755);
      utimesSync(program, changed, changed);
    };
    const versions = new ProgramVersions();
    write('1', 1000);
    assert.deepEqual([versions.of(program).version, versions.of(program).version], ['1', '1']);
    write('2', 2000);
    assert.equal(versions.of(program).version, '2');
    rmSync(program);
    assert.match(versions.of(program).version, /^unknown: ENOENT/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
