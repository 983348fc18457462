import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { isErrno } from '../ffi/errno.ts';
import { mountFlags } from './flags.ts';
import { bindMount, MountOptionsTooLongError, mount, remountBind, setPropagation, umount } from './mount.ts';
import { isMountPoint, mountTable } from './mount-table.ts';
import { mountByOptionString, mountOverlay, TooManyLayersError } from './overlay.ts';

let base: string;

beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'gantry-mounts-'));
  mount({ source: 'test', target: base, type: 'tmpfs', flags: mountFlags.noSuid, data: 'size=64m,mode=755' });
});
afterEach(async () => {
  for (const entry of mountTable().toReversed()) {
    if (entry.target.startsWith(base)) await umount(entry.target, { detach: true });
  }
  rmSync(base, { recursive: true, force: true });
});

function directories(...names: string[]): string[] {
  return names.map((name) => {
    mkdirSync(path.join(base, name), { recursive: true });
    return path.join(base, name);
  });
}

test('a mount shows in the table, is a mount point, and is gone after umount', async () => {
  const [target = ''] = directories('with blank\\and\nnewline');
  assert.equal(isMountPoint(target), false);
  mount({ source: 'x y', target, type: 'tmpfs', flags: mountFlags.noExec });
  const entry = mountTable().find((candidate) => candidate.target === target);
  assert.equal(entry?.source, 'x y');
  assert.ok(entry.options.includes('noexec'));
  assert.equal(isMountPoint(target), true);
  assert.equal(await umount(target), true);
  assert.equal(isMountPoint(target), false);
  assert.equal(await umount(target), false);
  assert.equal(await umount(path.join(base, 'nothing')), false);
  assert.equal(isMountPoint(path.join(base, 'nothing')), false);
});

test('a busy mount is refused, and detached when asked', async () => {
  const [target = ''] = directories('busy');
  mount({ source: 'busy', target, type: 'tmpfs' });
  process.chdir(target);
  try {
    await assert.rejects(umount(target), (error) => isErrno(error, 'EBUSY'));
    assert.equal(await umount(target, { detach: true }), true);
  } finally {
    process.chdir('/');
  }
});

test('a bind mount can be made read-only without touching its source', async () => {
  const [source = '', target = ''] = directories('source', 'target');
  bindMount(source, target);
  remountBind(target, mountFlags.readOnly);
  assert.throws(() => writeFileSync(path.join(target, 'f'), ''), /EROFS/);
  writeFileSync(path.join(source, 'f'), 'here');
  assert.equal(readFileSync(path.join(target, 'f'), 'utf8'), 'here');
});

test('propagation is set', () => {
  const [target = ''] = directories('shared');
  mount({ source: 'shared', target, type: 'tmpfs' });
  setPropagation(target, 'shared');
  assert.match(mountTable().find((entry) => entry.target === target)?.propagation[0] ?? '', /^shared:/);
  setPropagation(target, 'private', { recursive: true });
  assert.deepEqual(mountTable().find((entry) => entry.target === target)?.propagation, []);
});

test('an overlay of 500 layers with the topmost first', () => {
  const lowers = directories(
    ...Array.from({ length: 500 }, (_, index) => `a-rather-long-directory-name/layer-${index}/fs`),
  );
  const [upper = '', work = '', target = ''] = directories('upper', 'work', 'merged');
  for (const [index, lower] of lowers.entries()) writeFileSync(path.join(lower, 'winner'), String(index));
  mountOverlay({ lowers, upper, work, target, volatile: true });
  assert.equal(readFileSync(path.join(target, 'winner'), 'utf8'), '0');
  writeFileSync(path.join(target, 'new'), '1');
  assert.deepEqual(readdirSync(upper), ['new']);
});

test('an overlay in a folder whose name overlayfs would split or unescape', () => {
  const [lower = '', upper = '', work = '', target = ''] = directories(
    'o:d,d\\ n=me/lower',
    'o:d,d\\ n=me/upper',
    'o:d,d\\ n=me/work',
    `${'long/'.repeat(60)}merged`,
  );
  writeFileSync(path.join(lower, 'file'), 'x');
  mountOverlay({ lowers: [lower], upper, work, target });
  assert.equal(readFileSync(path.join(target, 'file'), 'utf8'), 'x');
});

test('too many layers and a layer that is missing are named', () => {
  const [lower = '', upper = '', work = '', target = ''] = directories('l', 'u', 'w', 'm');
  const lowers = Array.from({ length: 501 }, () => lower);
  assert.throws(() => mountOverlay({ lowers, upper, work, target }), TooManyLayersError);
  const missing = path.join(base, 'missing');
  assert.throws(() => mountOverlay({ lowers: [missing], upper, work, target }), /missing/);
  assert.ok(!isMountPoint(target));
});

test('an upper on another file system than its work directory is refused', () => {
  const [lower = '', upper = '', work = '', target = ''] = directories('l', 'u', 'w', 'm');
  mount({ source: 'other', target: work, type: 'tmpfs' });
  assert.throws(
    () => mountOverlay({ lowers: [lower], upper, work, target }),
    (error) => isErrno(error, 'EINVAL'),
  );
  assert.ok(!isMountPoint(target));
});

test('an older kernel gets one string of options, of one page at most', () => {
  const lowers = directories(...Array.from({ length: 400 }, (_, index) => `with:colon/layer,${index}`));
  const [upper = '', work = '', target = ''] = directories('u', 'w', 'm');
  for (const [index, lower] of lowers.entries()) writeFileSync(path.join(lower, 'winner'), String(index));
  const before = readdirSync('/proc/self/fd').length;
  assert.throws(() => mountByOptionString({ lowers, upper, work, target }), MountOptionsTooLongError);
  mountByOptionString({ lowers: lowers.slice(0, 150), upper, work, target, volatile: true });
  assert.equal(readdirSync('/proc/self/fd').length, before);
  assert.equal(readFileSync(path.join(target, 'winner'), 'utf8'), '0');
  writeFileSync(path.join(target, 'new'), '1');
  assert.deepEqual(readdirSync(upper), ['new']);
});
