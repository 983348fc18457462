import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { tarArchive } from './tar-archive.ts';

function listing(archive: Uint8Array): string[] {
  const { stdout, stderr } = spawnSync('tar', ['--numeric-owner', '-tvf', '-'], { input: archive });
  assert.equal(stderr.toString(), '');
  return stdout.toString().trimEnd().split('\n');
}

test('GNU tar reads what was written, with modes, owners and links', () => {
  const lines = listing(
    tarArchive([
      { name: 'a/', type: 'directory' },
      { name: 'a/file', content: 'text', mode: 0o4755, uid: 7, gid: 8 },
      { name: 'a/link', type: 'symlink', linkName: 'file' },
      { name: 'a/hard', type: 'hard-link', linkName: 'a/file' },
      { name: 'null', type: 'character-device', deviceMajor: 1, deviceMinor: 3 },
    ]),
  );
  assert.deepEqual(
    lines.map((line) => line.replaceAll(/\s+/g, ' ').replace(/1970-01-01 \d\d:\d\d /, '')),
    [
      'drwxr-xr-x 0/0 0 a/',
      '-rwsr-xr-x 7/8 4 a/file',
      'lrw-r--r-- 0/0 0 a/link -> file',
      'hrw-r--r-- 0/0 0 a/hard link to a/file',
      'crw-r--r-- 0/0 1,3 null',
    ],
  );
});

test('names of more than 100 bytes travel in a PAX record', () => {
  const name = `${'long-'.repeat(40)}name`;
  const [line] = listing(tarArchive([{ name, content: 'x' }]));
  assert.ok(line?.endsWith(` ${name}`));
});

test('an archive can be left without its end', () => {
  assert.equal(tarArchive([{ name: 'a' }], { end: false }).length, 512);
});
