import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ManualClock } from '@gantry/base/testing';
import { LogFixture } from '../../../testing/log-fixture.ts';
import type { LogMessage, LogSink, RetrySettings } from './log-sink.ts';

/** A receiver that is there or away, as the test says. */
class SwitchedSink implements LogSink {
  readonly name = 'switched';
  readonly retry: RetrySettings;
  readonly batchMessages = 100;
  readonly lines: string[] = [];
  isThere = false;
  /** Takes nothing until it resolves. */
  hold: Promise<void> = Promise.resolve();
  tries = 0;
  #told: () => void = () => {};

  constructor(retry: RetrySettings = { firstWaitMs: 1 }) {
    this.retry = retry;
  }

  connect(): Promise<{ send(messages: readonly LogMessage[]): Promise<void>; [Symbol.dispose](): void }> {
    this.tries += 1;
    this.#told();
    if (!this.isThere) return Promise.reject(new Error('nobody is there'));
    return Promise.resolve({
      send: async (messages) => {
        if (!this.isThere) throw new Error('it went away');
        await this.hold;
        this.lines.push(...messages.map(({ line }) => Buffer.from(line).toString()));
        this.#told();
      },
      [Symbol.dispose]: () => {},
    });
  }

  async until(enough: () => boolean): Promise<void> {
    while (!enough()) await new Promise<void>((resolve) => (this.#told = resolve));
  }
}

test('a receiver that is away holds nothing up, and gets everything when it is back', async () => {
  const sink = new SwitchedSink();
  using fixture = new LogFixture(undefined, undefined, { sink });
  fixture.begin();
  for (let index = 0; index < 5000; index += 1) fixture.append('stdout', `line ${index}\n`);
  await fixture.log.end();
  assert.deepEqual(fixture.released, fixture.position);
  await sink.until(() => sink.tries > 3);
  sink.isThere = true;
  await sink.until(() => sink.lines.length >= 5000);
  assert.deepEqual(
    sink.lines,
    Array.from({ length: 5000 }, (_, index) => `line ${index}`),
  );
  await fixture.log.closeSink();
});

test('what the log’s bounds take away before it was sent is counted in the engine’s log', async () => {
  const sink = new SwitchedSink();
  using fixture = new LogFixture({ maxFileBytes: 2000, maxFiles: 2 }, undefined, { sink });
  fixture.begin();
  for (let index = 0; index < 1000; index += 1) fixture.append('stdout', `line ${index}\n`);
  await fixture.log.end();
  sink.isThere = true;
  await sink.until(() => sink.lines.at(-1) === 'line 999');
  assert.ok(sink.lines.length < 100, String(sink.lines.length));
  assert.ok(fixture.warnings.includes('log lines were not sent'), fixture.warnings.join());
  await fixture.log.closeSink();
});

test('another engine goes on where the last one stopped', async () => {
  const sink = new SwitchedSink();
  sink.isThere = true;
  using fixture = new LogFixture(undefined, undefined, { sink });
  fixture.begin();
  fixture.append('stdout', 'before\n');
  await sink.until(() => sink.lines.length === 1);
  await fixture.log.suspend();
  fixture.reopen();
  fixture.append('stdout', 'after\n');
  await sink.until(() => sink.lines.length === 2);
  assert.deepEqual(sink.lines, ['before', 'after']);
  await fixture.log.end();
  await fixture.log.closeSink();
  const checkpoint = readFileSync(path.join(fixture.directory, 'log-sink.json'), 'utf8');
  assert.equal((JSON.parse(checkpoint) as { offset: number }).offset, fixture.log.storedEnd);
});

test('after so many tries the lines that wait are dropped, and later ones are sent', async () => {
  const sink = new SwitchedSink({ firstWaitMs: 1, limit: 2 });
  using fixture = new LogFixture(undefined, undefined, { sink });
  fixture.begin();
  fixture.append('stdout', 'lost\n');
  await fixture.log.flushed();
  await sink.until(() => sink.tries > 5);
  sink.isThere = true;
  fixture.append('stdout', 'kept\n');
  await fixture.log.end();
  await sink.until(() => sink.lines.length > 0);
  assert.deepEqual(sink.lines, ['kept']);
  await fixture.log.closeSink();
});

test('a removal waits for a receiver that is there, not for one that is away', async () => {
  const clock = new ManualClock();
  const there = new SwitchedSink();
  there.isThere = true;
  const held = Promise.withResolvers<void>();
  there.hold = held.promise;
  using fixture = new LogFixture(undefined, clock, { sink: there });
  fixture.begin();
  fixture.append('stdout', 'last words\n');
  await fixture.log.end();
  const finished = fixture.log.finishSink(5000);
  held.resolve();
  await finished;
  assert.deepEqual(there.lines, ['last words']);
  using other = new LogFixture(undefined, clock, { sink: new SwitchedSink() });
  other.begin();
  other.append('stdout', 'unheard\n');
  await other.log.end();
  await other.log.finishSink(5000);
  assert.ok(other.warnings.includes('log lines were not sent'), other.warnings.join());
});

test('a receiver that takes nothing is left when the engine closes', async () => {
  const sink = new SwitchedSink();
  sink.isThere = true;
  sink.hold = new Promise(() => {});
  using fixture = new LogFixture(undefined, undefined, { sink });
  fixture.begin();
  fixture.append('stdout', 'waiting\n');
  await fixture.log.flushed();
  await sink.until(() => sink.tries > 0);
  await fixture.log.suspend();
  assert.deepEqual(sink.lines, []);
});
