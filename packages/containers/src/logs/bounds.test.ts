import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ManualClock } from '@gantry/base/testing';
import { LogFixture } from '../../testing/log-fixture.ts';

test('files that are full are compressed, and read as if they were not', async () => {
  using fixture = new LogFixture({ maxFileBytes: 50_000, maxFiles: 4, compress: true });
  fixture.begin();
  const lines = Array.from({ length: 3000 }, (_, index) => `line ${index}`);
  for (const line of lines) fixture.append('stdout', `${line}\n`);
  await fixture.log.suspend();
  const names = readdirSync(fixture.directory).filter((name) => name.includes('-json.log'));
  assert.deepEqual(names.map((name) => name.replace(/^.*-json\.log/, '')).toSorted(), [
    '',
    '.1.gz',
    '.2.gz',
    '.3.gz',
  ]);
  const kept = (await fixture.read()).trimEnd().split('\n');
  assert.ok(kept.length > 1500, String(kept.length));
  assert.deepEqual(kept, lines.slice(-kept.length));
  assert.equal(await fixture.read({ tail: 1500 }), `${lines.slice(-1500).join('\n')}\n`);
  assert.deepEqual(
    readdirSync(fixture.directory).filter((name) => name.startsWith('log-reading')),
    [],
  );
});

test('a compression that an engine did not finish loses nothing', async () => {
  using fixture = new LogFixture({ maxFileBytes: 20_000, maxFiles: 3, compress: true });
  fixture.begin();
  for (let index = 0; index < 400; index += 1) fixture.append('stdout', `line ${index}\n`);
  await fixture.log.suspend();
  const before = await fixture.read();
  const gz = readdirSync(fixture.directory).find((name) => name.endsWith('.1.gz')) ?? '';
  // Half of a file that was being made, and the plain one still there.
  writeFileSync(path.join(fixture.directory, `${gz}.tmp`), 'half');
  fixture.reopen();
  for (let index = 400; index < 500; index += 1) fixture.append('stdout', `line ${index}\n`);
  await fixture.log.suspend();
  const after = await fixture.read();
  assert.equal(after.trimEnd().split('\n').at(-1), 'line 499');
  assert.ok(after.includes(before.trimEnd().split('\n').at(-1) ?? '?'));
});

test('since is found by halving, in whichever file it lies', async () => {
  const clock = new ManualClock();
  using fixture = new LogFixture({ maxFileBytes: 400_000, maxFiles: 5 }, clock);
  fixture.begin();
  const times: bigint[] = [];
  for (let index = 0; index < 10_000; index += 1) {
    times.push(clock.nowNs());
    fixture.append('stdout', `line ${index} ${'x'.repeat(40)}\n`);
    await clock.advance(1000);
  }
  await fixture.log.end();
  const kept = (await fixture.read()).trimEnd().split('\n').length;
  const first = 10_000 - kept;
  for (const index of [0, first, first + 1, first + 1234, 7777, 8000, 9998, 9999]) {
    const lines = (await fixture.read({ sinceNs: times[index] ?? 0n })).trimEnd().split('\n');
    const from = Math.max(first, index);
    assert.match(lines[0] ?? '', new RegExp(`^line ${from} `));
    assert.equal(lines.length, 10_000 - from);
  }
  const late = { sinceNs: clock.nowNs() + 1n };
  assert.equal(await fixture.read(late), '');
  const two = { sinceNs: times[9000] ?? 0n, untilNs: times[9001] ?? 0n, tail: 5000 };
  assert.equal((await fixture.read(two)).trimEnd().split('\n').length, 2);
});

test('mode=non-blocking drops whole lines while the disk is behind, counts them, and never waits', async () => {
  using fixture = new LogFixture(undefined, undefined, { maxBufferBytes: 10_000 });
  assert.equal(fixture.log.holdsOutput, false);
  fixture.begin();
  let printed = 0;
  for (let burst = 0; burst < 3; burst += 1) {
    for (let index = 0; index < 1000; index += 1) {
      // A line comes in two pieces, so that the bound is met within a line too.
      fixture.append('stdout', `begin of line ${printed} `);
      fixture.append('stdout', 'and its end\n');
      printed += 1;
    }
    await fixture.log.flushed();
  }
  const { dropped } = fixture.log;
  await fixture.log.end();
  const lines = (await fixture.read()).trimEnd().split('\n');
  for (const line of lines) assert.match(line, /^begin of line \d+ and its end$/);
  assert.ok(lines.length >= 3 && lines.length < printed, String(lines.length));
  assert.equal(lines.length + dropped.lines, printed);
  assert.deepEqual(fixture.released, fixture.position);
  assert.deepEqual(fixture.warnings, ['log output was dropped: mode=non-blocking']);
});

test('the driver none takes everything, keeps nothing and makes no file', async () => {
  using fixture = new LogFixture(undefined, undefined, { store: undefined, readable: false });
  fixture.begin();
  fixture.append('stdout', 'gone\n');
  await fixture.log.flushed();
  assert.deepEqual(fixture.released, fixture.position);
  await fixture.log.end();
  assert.deepEqual([fixture.log.isOpen, fixture.log.isReadable], [false, false]);
  assert.deepEqual(readdirSync(fixture.directory), []);
});

test('details are the attributes that were kept with each line', async () => {
  const attributes = { tag: 'a/b c', 'com.app': 'x=y' };
  using fixture = new LogFixture(undefined, undefined, { attributes });
  fixture.begin();
  fixture.append('stdout', 'plain\nquo"te\n');
  await fixture.log.end();
  const details = 'com.app=x%3Dy,tag=a%2Fb+c ';
  assert.equal(await fixture.read({ details: true }), `${details}plain\n${details}quo"te\n`);
  assert.equal(await fixture.read(), 'plain\nquo"te\n');
});
