import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '@gantry/base';
import { LeakCheck, temporaryRoot } from '@gantry/testkit';
import { StoreFullError } from './errors.ts';
import { openMetadataStore } from './open-metadata-store.ts';

describe('a store on a full disk', () => {
  it('refuses changes with a clear error, keeps what it has, and goes on when there is room again', async () => {
    assert.equal(process.getuid?.(), 0);
    await using root = await temporaryRoot('state');
    await using _leaks = await LeakCheck.begin({ tag: root.path });
    const disk = path.join(root.path, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    try {
      fillAndCheck(disk);
      openOnFullDisk(disk);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

function fillAndCheck(disk: string): void {
  const file = path.join(disk, 'state.db');
  const store = openMetadataStore({ path: file, logger: silentLogger });
  const items = store.collection<string>('items', { version: 1 });
  items.put('first', 'kept');
  const ballast = path.join(disk, 'ballast');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc((bavail - 4) * bsize));
  assert.throws(() => items.put('large', 'x'.repeat(200_000)), StoreFullError);
  const work = (): void => {
    items.put('first', 'changed');
    items.put('large', 'x'.repeat(200_000));
  };
  assert.throws(() => store.transaction(work), StoreFullError);
  assert.equal(items.get('first'), 'kept');
  rmSync(ballast);
  items.put('large', 'x'.repeat(200_000));
  store[Symbol.dispose]();
  using again = openMetadataStore({
    path: file,
    logger: silentLogger,
    onDamage: (report) => assert.fail(JSON.stringify(report)),
  });
  assert.deepEqual(
    again
      .collection<string>('items', { version: 1 })
      .entries()
      .map((entry) => entry.key),
    ['first', 'large'],
  );
}

function openOnFullDisk(disk: string): void {
  const file = path.join(disk, 'other', 'state.db');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(path.join(disk, 'ballast'), Buffer.alloc((bavail - 1) * bsize));
  assert.throws(() => openMetadataStore({ path: file, logger: silentLogger }), StoreFullError);
  rmSync(path.join(disk, 'ballast'));
  using store = openMetadataStore({ path: file, logger: silentLogger });
  store.collection<number>('items', { version: 1 }).put('a', 1);
}
