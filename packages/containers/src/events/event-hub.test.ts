import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { EventMessage } from '@gantry/api-types';
import { silentLogger } from '@gantry/base';
import { ManualClock } from '@gantry/base/testing';
import { EventFile } from './event-file.ts';
import { EventHub } from './event-hub.ts';

function publish(hub: EventHub, action: string, attributes: Record<string, string> = {}): void {
  hub.publish({
    type: 'container',
    action,
    actorId: 'abc',
    attributes: { name: 'web', image: 'busybox:1', ...attributes },
  });
}

class TemporaryDirectory implements Disposable {
  readonly path: string = mkdtempSync(path.join(tmpdir(), 'gantry-events-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

async function actionsOf(events: Promise<EventMessage[]>): Promise<string[]> {
  return (await events).map(({ Action }) => Action ?? '');
}

async function actions(events: AsyncIterable<EventMessage>): Promise<string[]> {
  const all: string[] = [];
  for await (const { Action } of events) all.push(Action ?? '');
  return all;
}

test('a reader gets what happens until it leaves', async () => {
  const hub = new EventHub(new ManualClock());
  const leaving = new AbortController();
  publish(hub, 'before');
  const events = hub.events({ filters: new Map(), signal: leaving.signal });
  assert.equal(hub.listenerCount, 1);
  publish(hub, 'start');
  leaving.abort();
  publish(hub, 'after');
  assert.deepEqual(await actions(events), ['start']);
  assert.equal(hub.listenerCount, 0);
});

test('the past is given from since on, and a past until ends at once', async () => {
  const clock = new ManualClock();
  const hub = new EventHub(clock);
  const { signal } = new AbortController();
  publish(hub, 'first');
  await clock.advance(1000);
  const sinceNs = clock.nowNs();
  publish(hub, 'second');
  await clock.advance(1000);
  const untilNs = clock.nowNs() - 1n;
  publish(hub, 'third');
  assert.deepEqual(await actions(hub.events({ sinceNs, untilNs, filters: new Map(), signal })), ['second']);
  assert.deepEqual(await actions(hub.events({ sinceNs: 0n, untilNs, filters: new Map(), signal })), [
    'first',
    'second',
  ]);
});

test('a reader ends when until has come', async () => {
  const clock = new ManualClock();
  const hub = new EventHub(clock);
  const untilNs = clock.nowNs() + 1_000_000_000n;
  const reading = actions(hub.events({ untilNs, filters: new Map(), signal: new AbortController().signal }));
  publish(hub, 'start');
  await clock.advance(1000);
  assert.deepEqual(await reading, ['start']);
});

test('a reader that stalls holds nobody up, and goes on from the history when it reads again', async () => {
  using directory = new TemporaryDirectory();
  const clock = new ManualClock();
  const hub = new EventHub(clock, new EventFile({ directory: directory.path, logger: silentLogger }));
  const leaving = new AbortController();
  const events = hub.events({ filters: new Map(), signal: leaving.signal })[Symbol.asyncIterator]();
  const expected = Array.from({ length: 5000 }, (_, index) => `e${index}`);
  for (const action of expected) publish(hub, action);
  const read: string[] = [];
  while (read.length < expected.length) read.push((await events.next()).value?.Action ?? '');
  assert.deepEqual(read, expected);
  leaving.abort();
  assert.equal((await events.next()).done, true);
  assert.equal(hub.listenerCount, 0);
  hub.close();
});

test('events survive the engine, and a reader goes on behind the last one it saw', async () => {
  using directory = new TemporaryDirectory();
  const clock = new ManualClock();
  const open = (): EventHub =>
    new EventHub(clock, new EventFile({ directory: directory.path, logger: silentLogger }));
  const first = open();
  publish(first, 'one', { note: 'ü"\n' });
  publish(first, 'two');
  // Killed: not closed. The file has what was published, and half of a line.
  appendFileSync(path.join(directory.path, 'events.log'), '00001767225600');
  const second = open();
  publish(second, 'three');
  const { signal } = new AbortController();
  const past = async (sinceNs: bigint): Promise<EventMessage[]> => {
    const all: EventMessage[] = [];
    const options = { sinceNs, untilNs: clock.nowNs() + 999_999n, filters: new Map(), signal };
    for await (const event of second.events(options)) all.push(event);
    return all;
  };
  const all = await past(0n);
  assert.deepEqual(
    all.map(({ Action }) => Action),
    ['one', 'two', 'three'],
  );
  assert.equal(all[0]?.Actor?.Attributes?.['note'], 'ü"\n');
  const seen = BigInt(all[1]?.timeNano ?? 0);
  assert.deepEqual(await actionsOf(past(seen + 1n)), ['three']);
  second.close();
});

test('the history is bounded, and what is not its own is set aside', async () => {
  using directory = new TemporaryDirectory();
  writeFileSync(path.join(directory.path, 'events.log'), 'something else\n');
  const history = new EventFile({ directory: directory.path, logger: silentLogger, maxFileBytes: 10_000 });
  const hub = new EventHub(new ManualClock(), history);
  for (let index = 0; index < 1000; index += 1) publish(hub, `e${index}`);
  assert.deepEqual(readdirSync(directory.path).toSorted(), [
    'events.log',
    'events.log.1',
    'events.log.set-aside',
  ]);
  const sizes = ['events.log', 'events.log.1'].map((name) => statSync(path.join(directory.path, name)).size);
  assert.ok(Math.max(...sizes) <= 10_000, String(sizes));
  const untilNs = 2n ** 60n * 2n;
  const leaving = new AbortController();
  const events = hub.events({ sinceNs: 0n, untilNs, filters: new Map(), signal: leaving.signal });
  leaving.abort();
  const read = await actions(events);
  assert.equal(read.at(-1), 'e999');
  assert.ok(read.length > 30 && read.length < 1000, String(read.length));
  hub.close();
});

test('filters choose by type, action, object and label', async () => {
  const hub = new EventHub(new ManualClock());
  publish(hub, 'exec_start: ls', { tier: 'front' });
  publish(hub, 'die');
  hub.publish({ type: 'image', action: 'tag', actorId: 'sha256:1', attributes: { name: 'busybox:1' } });
  const untilNs = 2n ** 62n;
  const read = async (filters: Record<string, string[]>): Promise<string[]> => {
    const leaving = new AbortController();
    const events = hub.events({
      sinceNs: 0n,
      untilNs,
      filters: new Map(Object.entries(filters)),
      signal: leaving.signal,
    });
    leaving.abort();
    return await actions(events);
  };
  assert.deepEqual(await read({ event: ['exec_start'] }), ['exec_start: ls']);
  assert.deepEqual(await read({ type: ['image'] }), ['tag']);
  assert.deepEqual(await read({ container: ['web'] }), ['exec_start: ls', 'die']);
  assert.deepEqual(await read({ container: ['other'] }), []);
  assert.deepEqual(await read({ label: ['tier=front'] }), ['exec_start: ls']);
  assert.deepEqual(await read({ image: ['busybox'] }), ['exec_start: ls', 'die', 'tag']);
  assert.throws(
    () => hub.events({ filters: new Map([['moon', ['full']]]), signal: new AbortController().signal }),
    {
      message: "invalid filter 'moon'",
    },
  );
});
