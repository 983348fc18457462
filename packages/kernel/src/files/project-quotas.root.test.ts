import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { mount, umount } from '../mounts/mount.ts';
import { ProjectQuotas } from './project-quotas.ts';

// What they do where a file system has them is walked in a virtual machine: tests/vm/walks/quotas.ts.
test('a file system without project quotas has none', async () => {
  const place = mkdtempSync('/tmp/gantry-quotas-');
  mount({ source: 'tmpfs', target: place, type: 'tmpfs' });
  try {
    assert.equal(ProjectQuotas.of(place), undefined);
    assert.equal(ProjectQuotas.of('/proc'), undefined);
  } finally {
    await umount(place);
    rmSync(place, { recursive: true });
  }
});
