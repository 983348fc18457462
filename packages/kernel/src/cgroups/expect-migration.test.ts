import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ExpectedMigrations } from './expect-migration.ts';
import { type CgroupLayout, cgroupsOfProcess } from './layout.ts';

/** As this machine's, mounted elsewhere, with the hierarchy that is written to. */
function layoutAt(root: string): { layout: CgroupLayout; cgroupPath: string } {
  const paths = cgroupsOfProcess(process.pid);
  const v1 = paths.get('pids');
  return v1 === undefined
    ? {
        layout: { mode: 'v2', version: 2, unified: root, controllers: new Map() },
        cgroupPath: paths.get('') ?? '/',
      }
    : {
        layout: { mode: 'v1', version: 1, unified: undefined, controllers: new Map([['pids', root]]) },
        cgroupPath: v1,
      };
}

test('writes our own pid into our own cgroup, and nothing else', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'gantry-migration-'));
  const { layout, cgroupPath } = layoutAt(root);
  const ours = path.join(root, cgroupPath);
  mkdirSync(ours, { recursive: true });
  const file = path.join(ours, 'cgroup.procs');
  writeFileSync(file, '');
  const written = Promise.withResolvers<void>();
  const watcher = watch(file, () => {
    if (readFileSync(file, 'utf8') === String(process.pid)) written.resolve();
  });
  {
    using migrations = new ExpectedMigrations(layout);
    migrations.expect();
    await written.promise;
  }
  watcher.close();
  rmSync(root, { recursive: true });
});

test('an unreachable cgroup is no failure', () => {
  using migrations = new ExpectedMigrations(layoutAt('/nonexistent').layout);
  assert.doesNotThrow(() => migrations.expect());
});
