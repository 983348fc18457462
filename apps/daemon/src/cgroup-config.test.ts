import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cgroupDriverOf, cgroupParentOf } from './cgroup-config.ts';

test('native.cgroupdriver chooses who makes cgroups; any other exec-opt is refused', () => {
  assert.equal(cgroupDriverOf([]), 'cgroupfs');
  assert.equal(cgroupDriverOf(['native.cgroupdriver=cgroupfs', 'native.cgroupdriver=systemd']), 'systemd');
  assert.throws(() => cgroupDriverOf(['native.cgroupdriver=lxc']), /'lxc' is neither cgroupfs nor systemd/);
  assert.throws(() => cgroupDriverOf(['native.umask=normal']), /unknown option 'native.umask=normal'/);
  assert.throws(() => cgroupDriverOf(['x']), /unknown option 'x'/);
});

test('the parent is a plain path, or with systemd a slice', () => {
  assert.equal(cgroupParentOf(undefined, 'cgroupfs'), '/gantry');
  assert.equal(cgroupParentOf(undefined, 'systemd'), 'system.slice');
  assert.equal(cgroupParentOf('/a/b.c', 'cgroupfs'), '/a/b.c');
  assert.equal(cgroupParentOf('work.slice', 'systemd'), 'work.slice');
  for (const parent of ['a', '/', '/a/../b', '/a//b']) {
    assert.throws(() => cgroupParentOf(parent, 'cgroupfs'), /not the absolute path of a cgroup/);
  }
  assert.throws(() => cgroupParentOf('/a', 'systemd'), /not the name of a slice/);
});
