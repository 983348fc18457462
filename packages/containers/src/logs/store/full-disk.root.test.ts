import assert from 'node:assert/strict';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ManualClock } from '@gantry/base/testing';
import { mount, umount } from '@gantry/kernel';
import { LogFixture } from '../../../testing/log-fixture.ts';

const sizeBytes = 256 * 1024;

async function onSmallDisk(
  work: (fixture: LogFixture, clock: ManualClock, filler: string) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  using fixture = new LogFixture({ maxFileBytes: 1e9, maxFiles: 2 }, clock);
  mount({ type: 'tmpfs', source: 'tmpfs', target: fixture.directory, data: `size=${sizeBytes}` });
  const filler = path.join(fixture.directory, 'filler');
  try {
    await work(fixture, clock, filler);
  } finally {
    await umount(fixture.directory);
  }
}

test('output waits for a disk that is full, and nothing is lost when there is room again', async () => {
  await onSmallDisk(async (fixture, clock, filler) => {
    fixture.begin();
    fixture.append('stdout', 'first\n');
    await fixture.log.flushed();
    fillDisk(filler);
    const line = `${'x'.repeat(50_000)}\n`;
    fixture.append('stdout', line);
    await clock.sleeping();
    assert.deepEqual(fixture.errors, ['cannot write to the log; trying again']);
    assert.deepEqual(fixture.released, { stdout: 6, stderr: 0 });
    rmSync(filler);
    await clock.advance(250);
    await fixture.log.end();
    assert.ok((await fixture.read()) === `first\n${line}`);
    assert.deepEqual(fixture.released, fixture.position);
  });
});

test('a disk that stays full stops no container: output is dropped and the engine’s log says so', async () => {
  await onSmallDisk(async (fixture, clock, filler) => {
    fixture.begin();
    fixture.append('stdout', 'first\n');
    await fixture.log.flushed();
    fillDisk(filler);
    fixture.append('stdout', `${'x'.repeat(50_000)}\n`);
    const flushed = fixture.log.flushed();
    for (let attempt = 0; attempt < 40; attempt += 1) {
      await clock.sleeping();
      await clock.advance(250);
    }
    await flushed;
    assert.deepEqual(fixture.errors, ['cannot write to the log; trying again', 'log output was dropped']);
    rmSync(filler);
    fixture.append('stdout', 'later\n');
    await fixture.log.end();
    assert.equal((await fixture.read()).slice(0, 100), 'first\nlater\n');
    assert.deepEqual(fixture.released, fixture.position);
    assert.ok(statSync(fixture.log.path).size < 1000);
  });
});

function fillDisk(file: string): void {
  const block = Buffer.alloc(4096);
  try {
    for (;;) writeFileSync(file, block, { flag: 'a' });
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  }
}
