import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cgroupPathOf, cgroupsPathOf } from './cgroup-place.ts';

test('a parent never leads out of the hierarchy', () => {
  assert.equal(cgroupsPathOf('cgroupfs', '/gantry', 'c1'), '/gantry/c1');
  assert.equal(cgroupsPathOf('cgroupfs', 'a/b', 'c1'), '/a/b/c1');
  assert.equal(cgroupsPathOf('cgroupfs', '../../etc', 'c1'), '/etc/c1');
  assert.equal(cgroupPathOf('cgroupfs', '/gantry/c1'), '/gantry/c1');
});

test('with systemd a container is a scope in a slice, and a slice with dashes lies in others', () => {
  const path = cgroupsPathOf('systemd', 'system.slice', 'c1');
  assert.equal(path, 'system.slice:gantry:c1');
  assert.equal(cgroupPathOf('systemd', path), '/system.slice/gantry-c1.scope');
  assert.equal(
    cgroupPathOf('systemd', cgroupsPathOf('systemd', 'a-b-c.slice', 'c1')),
    '/a.slice/a-b.slice/a-b-c.slice/gantry-c1.scope',
  );
  assert.equal(cgroupPathOf('systemd', cgroupsPathOf('systemd', '-.slice', 'c1')), '/gantry-c1.scope');
});
