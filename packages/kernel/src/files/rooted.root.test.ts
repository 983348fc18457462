import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { isErrno } from '../ffi/errno.ts';
import { FileTooLargeError } from './read-bounded.ts';
import { mkdirAllIn, NotRegularFileError, openIn, readFileIn, statIn, writeFileIn } from './rooted.ts';

const owner = { uid: 12, gid: 34, mode: 0o750 };
let base: string;
let root: string;

beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'gantry-rooted-'));
  root = path.join(base, 'root');
  mkdirSync(path.join(root, 'etc'), { recursive: true });
  mkdirSync(path.join(base, 'outside'));
  writeFileSync(path.join(root, 'etc/passwd'), 'root:x:0:0');
  writeFileSync(path.join(base, 'outside/secret'), 'secret');
  symlinkSync(path.join(base, 'outside'), path.join(root, 'absolute'));
  symlinkSync('../../../../../../..', path.join(root, 'climber'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

test('an absolute link starts at the root, and a climbing one stops there', () => {
  assert.equal(statIn(root, '/absolute/secret'), undefined);
  assert.equal(Buffer.from(readFileIn(root, '/climber/etc/passwd', 100) ?? []).toString(), 'root:x:0:0');
  assert.equal(Buffer.from(readFileIn(root, '../../etc/passwd', 100) ?? []).toString(), 'root:x:0:0');
});

test('a magic link of /proc is not followed', () => {
  mkdirSync(path.join(root, 'proc'));
  execFileSync('mount', ['-t', 'proc', 'proc', path.join(root, 'proc')]);
  try {
    assert.throws(
      () => openIn(root, '/proc/self/root/etc'),
      (error) => isErrno(error, 'ELOOP', 'EXDEV'),
    );
  } finally {
    execFileSync('umount', [path.join(root, 'proc')]);
  }
});

test('reading is bounded, and opens neither devices nor FIFOs', () => {
  execFileSync('mknod', [path.join(root, 'zero'), 'c', '1', '5']);
  execFileSync('mkfifo', [path.join(root, 'fifo')]);
  assert.throws(() => readFileIn(root, 'etc/passwd', 9), FileTooLargeError);
  assert.equal(readFileIn(root, 'etc/passwd', 10)?.length, 10);
  assert.throws(() => readFileIn(root, 'zero', 10), NotRegularFileError);
  assert.throws(() => readFileIn(root, 'fifo', 10), NotRegularFileError);
  assert.throws(() => readFileIn(root, 'etc', 10), NotRegularFileError);
  assert.equal(readFileIn(root, 'etc/passwd/x', 10), undefined);
  assert.equal(readFileIn(root, 'nothing', 10), undefined);
});

test('directories are made inside the root, with the owner asked for, and those that exist stay', () => {
  const etc = statSync(path.join(root, 'etc'));
  mkdirAllIn(root, '/etc/a//b/./c/', owner);
  const made = statSync(path.join(root, 'etc/a/b'));
  assert.deepEqual([made.uid, made.gid, made.mode & 0o7777], [12, 34, 0o750]);
  assert.equal(statSync(path.join(root, 'etc')).mode, etc.mode);
  mkdirAllIn(root, '/etc/a/b/c', { uid: 0, gid: 0, mode: 0o777 });
  assert.equal(statSync(path.join(root, 'etc/a/b/c')).uid, 12);
  mkdirAllIn(root, '/', owner);
});

test('a link that leads to nothing gets its target made, inside the root', () => {
  symlinkSync('/var/lib/data', path.join(root, 'data'));
  mkdirAllIn(root, '/data/x', owner);
  assert.ok(statSync(path.join(root, 'var/lib/data/x')).isDirectory());
  symlinkSync('/deep/down', path.join(root, 'last'));
  mkdirAllIn(root, 'last', owner);
  assert.ok(statSync(path.join(root, 'deep/down')).isDirectory());
  mkdirAllIn(root, '/absolute/new', owner);
  assert.ok(!existsSync(path.join(base, 'outside/new')));
  assert.ok(statSync(path.join(root, base, 'outside/new')).isDirectory());
  mkdirAllIn(root, '/climber/../../top', owner);
  assert.ok(statSync(path.join(root, 'top')).isDirectory());
});

test('a directory is not made over a file or through a loop', () => {
  symlinkSync('loop', path.join(root, 'loop'));
  assert.throws(
    () => mkdirAllIn(root, '/etc/passwd', owner),
    (error) => isErrno(error, 'ENOTDIR'),
  );
  assert.throws(
    () => mkdirAllIn(root, '/etc/passwd/x', owner),
    (error) => isErrno(error, 'ENOTDIR'),
  );
  assert.throws(
    () => mkdirAllIn(root, '/loop/x', owner),
    (error) => isErrno(error, 'ELOOP'),
  );
});

test('a file is written inside the root whatever link is there', () => {
  symlinkSync(path.join(base, 'outside/secret'), path.join(root, 'etc/hosts'));
  assert.throws(
    () => writeFileIn(root, '/etc/hosts', Buffer.from('x'), owner),
    (error) => isErrno(error, 'ENOENT'),
  );
  assert.equal(readFileSync(path.join(base, 'outside/secret'), 'utf8'), 'secret');
  symlinkSync('passwd', path.join(root, 'etc/link'));
  writeFileIn(root, '/etc/link', Buffer.from('new'), owner);
  assert.equal(readFileSync(path.join(root, 'etc/passwd'), 'utf8'), 'new');
  assert.equal(readlinkSync(path.join(root, 'etc/link')), 'passwd');
  writeFileIn(root, 'etc/fresh', Buffer.from('1'), owner);
  const fresh = statSync(path.join(root, 'etc/fresh'));
  assert.deepEqual([fresh.uid, fresh.gid, fresh.mode & 0o7777], [12, 34, 0o750]);
});

test('writing does not open a device that the image brought', () => {
  execFileSync('mknod', [path.join(root, 'etc/hostname'), 'c', '1', '3']);
  assert.throws(() => writeFileIn(root, '/etc/hostname', Buffer.from('x'), owner), NotRegularFileError);
  assert.throws(() => writeFileIn(root, '/', Buffer.from('x'), owner), NotRegularFileError);
});
