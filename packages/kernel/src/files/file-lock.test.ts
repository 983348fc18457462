import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { tryLockFile } from './file-lock.ts';

test('a lock excludes a second one until it is disposed', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gantry-lock-'));
  try {
    const file = path.join(folder, 'engine.lock');
    const first = tryLockFile(file);
    assert.ok(first !== undefined);
    assert.equal(tryLockFile(file), undefined);
    first[Symbol.dispose]();
    const second = tryLockFile(file);
    assert.ok(second !== undefined);
    second[Symbol.dispose]();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
