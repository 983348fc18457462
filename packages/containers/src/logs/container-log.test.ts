import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, renameSync, statSync, truncateSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LogFixture } from '../../testing/log-fixture.ts';

test('a line is one record of Docker’s json-file format', async () => {
  using fixture = new LogFixture();
  fixture.begin();
  fixture.append('stdout', 'plain\n');
  fixture.append('stderr', 'quo"te\t\\ é\n');
  await fixture.log.end();
  const records = readFileSync(fixture.log.path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const [first, second] = records as { log: string; stream: string; time: string }[];
  assert.deepEqual(
    [first?.log, first?.stream, second?.log, second?.stream],
    ['plain\n', 'stdout', 'quo"te\t\\ é\n', 'stderr'],
  );
  assert.match(first?.time ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
});

test('every byte comes back, whatever it is and however it arrives', async () => {
  const output = fc.array(
    fc.record({
      stream: fc.constantFrom('stdout' as const, 'stderr' as const),
      data: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.string({ minLength: 1, unit: 'grapheme' }).map((text) => Buffer.from(`${text}\n`)),
        fc
          .constantFrom('\n', 'a\nb', '"\\', 'é'.repeat(9000), 'x'.repeat(40_000))
          .map((text) => Buffer.from(text)),
      ),
    }),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(output, async (chunks) => {
      using fixture = new LogFixture({ maxFileBytes: 100_000, maxFiles: 100 });
      fixture.begin();
      for (const { stream, data } of chunks) fixture.append(stream, data);
      await fixture.log.end();
      for (const stream of ['stdout', 'stderr'] as const) {
        const expected = Buffer.concat(
          chunks.filter((chunk) => chunk.stream === stream).map(({ data }) => data),
        );
        const other = stream === 'stdout' ? 'stderr' : 'stdout';
        assert.deepEqual(await fixture.readBytes({ [other]: false }), expected);
      }
      assert.deepEqual(fixture.released, fixture.position);
    }),
    { numRuns: 60 },
  );
});

test('no line is lost or doubled when the engine dies at any moment and its output is read again', async () => {
  const text = Array.from({ length: 400 }, (_, index) => `line ${index} ${'x'.repeat(index % 90)}\n`).join(
    '',
  );
  const bytes = Buffer.from(text);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 5, maxLength: 40 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
      async (sizes, choices) => {
        using fixture = new LogFixture({ maxFileBytes: 20_000, maxFiles: 50 });
        fixture.begin();
        for (const size of sizes) {
          const at = fixture.position.stdout;
          if (at < bytes.length) fixture.append('stdout', bytes.subarray(at, at + size));
          const choice = choices.next().value;
          if (choice === 0) await fixture.log.flushed();
          if (choice !== 1) continue;
          await fixture.log.suspend();
          // What an engine was writing when it died.
          appendFileSync(fixture.log.path, '{"log":"torn');
          fixture.reopen();
        }
        fixture.append('stdout', bytes.subarray(fixture.position.stdout));
        await fixture.log.end();
        assert.equal(await fixture.read(), text);
      },
    ),
    { numRuns: 40 },
  );
});

test('a line that has not ended is kept out of the log and out of the released position', async () => {
  using fixture = new LogFixture();
  fixture.begin();
  fixture.append('stdout', 'whole\nbegun');
  await fixture.log.flushed();
  assert.equal(await fixture.read(), 'whole\n');
  assert.deepEqual(fixture.released, { stdout: 6, stderr: 0 });
  assert.deepEqual(fixture.reopen(), { stdout: 6, stderr: 0 });
  fixture.append('stdout', 'begun and ended');
  await fixture.log.end();
  assert.equal(await fixture.read(), 'whole\nbegun and ended');
  assert.deepEqual(fixture.released, { stdout: 21, stderr: 0 });
});

test('the files are rotated at their size and the oldest goes', async () => {
  using fixture = new LogFixture({ maxFileBytes: 1000, maxFiles: 3 });
  fixture.begin();
  for (let index = 0; index < 100; index += 1) fixture.append('stdout', `line ${index}\n`);
  await fixture.log.end();
  const files = readdirSync(fixture.directory).filter((name) => name.includes('-json.log'));
  assert.equal(files.length, 3);
  for (const name of files) assert.ok(statSync(`${fixture.directory}/${name}`).size <= 1000, name);
  const lines = (await fixture.read()).trimEnd().split('\n');
  assert.equal(lines.at(-1), 'line 99');
  assert.ok(lines.length > 20 && lines.length < 40, String(lines.length));
  assert.deepEqual(
    lines,
    Array.from({ length: lines.length }, (_, index) => `line ${100 - lines.length + index}`),
  );
});

test('a rotation that an engine did not finish is finished by the next', async () => {
  using fixture = new LogFixture({ maxFileBytes: 10_000, maxFiles: 3 });
  fixture.begin();
  fixture.append('stdout', 'before\n');
  await fixture.log.suspend();
  renameSync(fixture.log.path, `${fixture.log.path}.1`);
  assert.deepEqual(fixture.reopen(), { stdout: 7, stderr: 0 });
  fixture.append('stdout', 'after\n');
  await fixture.log.end();
  assert.equal(await fixture.read(), 'before\nafter\n');
});

test('a log that somebody emptied goes on', async () => {
  using fixture = new LogFixture();
  fixture.begin();
  fixture.append('stdout', 'gone\n');
  await fixture.log.flushed();
  truncateSync(fixture.log.path, 0);
  fixture.append('stdout', 'there\n');
  await fixture.log.suspend();
  fixture.reopen();
  fixture.append('stdout', 'more\n');
  await fixture.log.end();
  assert.equal(await fixture.read(), 'there\nmore\n');
});

test('a line of a gigabyte is stored in parts and never held whole', async () => {
  using fixture = new LogFixture({ maxFileBytes: 1_000_000, maxFiles: 2 });
  fixture.begin();
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  for (let index = 0; index < 1024; index += 1) {
    fixture.append('stdout', chunk);
    if (fixture.log.backlogBytes > 4_000_000) await fixture.log.flushed();
  }
  fixture.append('stdout', '\n');
  await fixture.log.end();
  assert.deepEqual(fixture.released, fixture.position);
  assert.ok(process.memoryUsage().rss < 400_000_000);
  const tail = await fixture.readBytes({ tail: 1, timestamps: true });
  assert.match(tail.subarray(0, 40).toString(), /^\d{4}-\S+Z xxx/);
  assert.equal(tail.indexOf('Z ', 40), -1, 'one time stamp for the line');
});
