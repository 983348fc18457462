import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventMessage } from '@gantry/api-types';
import { ManualClock } from '@gantry/base/testing';
import { EventHub } from './event-hub.ts';

function publish(hub: EventHub, action: string, attributes: Record<string, string> = {}): void {
  hub.publish({
    type: 'container',
    action,
    actorId: 'abc',
    attributes: { name: 'web', image: 'busybox:1', ...attributes },
  });
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

test('a reader that stalls loses its subscription and holds nobody up', async () => {
  const hub = new EventHub(new ManualClock());
  const events = hub.events({ filters: new Map(), signal: new AbortController().signal });
  for (let index = 0; index < 5000; index += 1) publish(hub, `e${index}`);
  assert.equal(hub.listenerCount, 0);
  const read = await actions(events);
  assert.ok(read.length >= 256 && read.length < 5000);
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
