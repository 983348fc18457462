import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { LogFixture } from '../../../testing/log-fixture.ts';
import { singleFrames } from '../../attach/output-frame.ts';
import { formatTimestamp } from '../../state/timestamps.ts';

test('tail gives the last lines, over files and parts of long lines', async () => {
  using fixture = new LogFixture({ maxFileBytes: 50_000, maxFiles: 20 });
  fixture.begin();
  const long = 'y'.repeat(100_000);
  fixture.append('stdout', `one\ntwo\n${long}\nlast\nunfinished`);
  await fixture.log.end();
  assert.equal(await fixture.read({ tail: 0 }), '');
  assert.equal(await fixture.read({ tail: 1 }), 'unfinished');
  assert.equal(await fixture.read({ tail: 2 }), 'last\nunfinished');
  assert.equal(await fixture.read({ tail: 3 }), `${long}\nlast\nunfinished`);
  assert.equal(await fixture.read({ tail: 4 }), `two\n${long}\nlast\nunfinished`);
  assert.equal(await fixture.read({ tail: 99 }), `one\ntwo\n${long}\nlast\nunfinished`);
});

test('tail counts the lines of the streams that are asked for', async () => {
  using fixture = new LogFixture();
  fixture.begin();
  fixture.append('stderr', 'e1\n');
  fixture.append('stdout', 'o1\no2\n');
  await fixture.log.end();
  assert.equal(await fixture.read({ tail: 1, stdout: false }), 'e1\n');
  assert.equal(await fixture.read({ tail: 1 }), 'o2\n');
});

test('since and until are inclusive and timestamps come before each line', async () => {
  using fixture = new LogFixture();
  const time = (second: number): bigint => 1_700_000_000_000_000_000n + BigInt(second) * 1_000_000_000n;
  const record = (text: string, second: number): string =>
    `{"log":"${text}\\n","stream":"stdout","time":"${formatTimestamp(time(second))}"}\n`;
  writeFileSync(fixture.log.path, [1, 2, 3, 4].map((second) => record(`l${second}`, second)).join(''));
  assert.equal(await fixture.read({ sinceNs: time(2), untilNs: time(3) }), 'l2\nl3\n');
  assert.equal(await fixture.read({ tail: 1, timestamps: true }), '2023-11-14T22:13:24.000000000Z l4\n');
  assert.equal(
    await fixture.read({ tail: 1, timestamps: true, details: true }),
    '2023-11-14T22:13:24.000000000Z  l4\n',
  );
});

test('a damaged record is passed over', async () => {
  using fixture = new LogFixture();
  const good = '{"log":"good\\n","stream":"stdout","time":"2023-11-14T22:13:24.000000000Z"}\n';
  writeFileSync(fixture.log.path, `${good}{"log":"bad\n\0\0\0\n[]\n${good}`);
  assert.equal(await fixture.read(), 'good\ngood\n');
});

test('records of Docker’s own form are read', async () => {
  using fixture = new LogFixture();
  writeFileSync(
    fixture.log.path,
    '{"log":"\\u003chi\\u003e\\n","stream":"stderr","time":"2023-11-14T22:13:24.5Z"}\n',
  );
  assert.equal(await fixture.read(), '<hi>\n');
});

test('a follower gets what is logged meanwhile, over rotation, and ends with the run', async () => {
  using fixture = new LogFixture({ maxFileBytes: 2000, maxFiles: 4 });
  fixture.begin();
  fixture.append('stdout', 'first\n');
  const lines: string[] = [];
  let more = Promise.withResolvers<void>();
  const following = (async () => {
    for await (const frames of fixture.frames({ follow: true })) {
      lines.push(...singleFrames(frames).map(({ data }) => Buffer.from(data).toString()));
      more.resolve();
      more = Promise.withResolvers<void>();
    }
  })();
  for (let index = 0; index < 200; index += 1) {
    const seen = more.promise;
    fixture.append('stdout', `line ${index}\n`);
    await fixture.log.flushed();
    await seen;
  }
  await fixture.log.end();
  await following;
  assert.equal(lines.length, 201);
  assert.equal(lines.at(-1), 'line 199\n');
});

test('a follower that falls behind rotation goes on with what is there, and holds nobody up', async () => {
  using fixture = new LogFixture({ maxFileBytes: 2000, maxFiles: 2 });
  fixture.begin();
  fixture.append('stdout', 'first\n');
  await fixture.log.flushed();
  const frames = fixture.frames({ follow: true });
  const first = await frames.next();
  assert.deepEqual(
    singleFrames(first.value ?? []).map(({ data }) => Buffer.from(data).toString()),
    ['first\n'],
  );
  for (let index = 0; index < 1000; index += 1) fixture.append('stdout', `line ${index}\n`);
  await fixture.log.end();
  const rest: string[] = [];
  for await (const some of frames)
    rest.push(...singleFrames(some).map(({ data }) => Buffer.from(data).toString()));
  assert.equal(rest.at(-1), 'line 999\n');
  assert.ok(rest.length < 100, String(rest.length));
});

test('a follower ends when it leaves, and when until has come', async () => {
  using fixture = new LogFixture();
  fixture.begin();
  const leaving = new AbortController();
  const left = fixture.read({ follow: true, signal: leaving.signal });
  const due = fixture.read({ follow: true, untilNs: BigInt(Date.now()) * 1_000_000n });
  leaving.abort();
  assert.equal(await left, '');
  assert.equal(await due, '');
  await fixture.log.end();
});

test('following a log that nobody writes gives what is there', async () => {
  using fixture = new LogFixture();
  assert.equal(await fixture.read({ follow: true }), '');
  fixture.begin();
  fixture.append('stdout', 'x\n');
  await fixture.log.end();
  assert.equal(await fixture.read({ follow: true }), 'x\n');
});
