import type { EventMessage, Filters } from '@gantry/api-types';
import { BoundedQueue, type Clock } from '@gantry/base';
import { matchesEventFilters, parseEventFilters } from './event-filters.ts';
import { type EventHistory, MemoryEventHistory, type StampedEvent } from './event-history.ts';

/** Events that wait in memory for a reader; one that lags further behind reads the history. */
const subscriberCapacity = 1024;
/** What a timer of Node can wait for at most. */
const longestTimerMs = 2 ** 31 - 1;
/** Times are multiples of this many nanoseconds: those are exact as a JavaScript number until the year 2255. */
export const eventStepNs: bigint = 256n;
const endOfTimeNs = 2n ** 63n - 1n;

export interface EngineEvent {
  type: NonNullable<EventMessage['Type']>;
  action: string;
  actorId: string;
  attributes: Readonly<Record<string, string>>;
}

export interface EventsOptions {
  /** Starts with the events kept from then on; without it, with what happens next. */
  sinceNs?: bigint;
  /** Ends then; at once, after the past, when it is past. */
  untilNs?: bigint;
  filters: Filters;
  signal: AbortSignal;
}

/** A reader's queue, and what of the history lies before it. */
interface Subscription {
  queue: BoundedQueue<StampedEvent>;
  /** The last event that does not come through the queue. */
  beforeNs: bigint;
  /** The reader stalled: what follows the queue is in the history only. */
  overflowed: boolean;
}

/**
 * What happened in the engine, told to whoever listens, and kept in the history. Publishing never waits. A reader that
 * stalls costs a bounded queue, and goes on from the history when it reads again. Each event has a time of its own
 * (`timeNano`), later than all before it, over restarts too: who asks for events since the one after it misses none and
 * gets none twice.
 */
export class EventHub {
  readonly #clock: Clock;
  readonly #history: EventHistory;
  readonly #subscriptions = new Set<Subscription>();
  /** Aborts at the end of the engine. */
  readonly #closing = new AbortController();
  #lastNs: bigint;
  #readers = 0;
  #published = 0;

  constructor(clock: Clock, history: EventHistory = new MemoryEventHistory()) {
    this.#clock = clock;
    this.#history = history;
    this.#lastNs = history.lastNs;
  }

  publish(event: EngineEvent): void {
    const timeNs = this.#nextTime();
    this.#published += 1;
    const stamped: StampedEvent = {
      timeNs,
      message: {
        Type: event.type,
        Action: event.action,
        Actor: { ID: event.actorId, Attributes: { ...event.attributes } },
        scope: 'local',
        time: Number(timeNs / 1_000_000_000n),
        timeNano: Number(timeNs),
      },
    };
    if (!this.#closing.signal.aborted) this.#history.append(stamped);
    for (const subscription of this.#subscriptions) {
      if (subscription.queue.push(stamped)) continue;
      subscription.overflowed = true;
      this.#unsubscribe(subscription);
    }
  }

  /** Readers now connected, as `docker info` counts them. */
  get listenerCount(): number {
    return this.#readers;
  }

  /** The time of the last event, of an earlier engine's too; 0 when there is none. */
  get lastNs(): bigint {
    return this.#lastNs;
  }

  /** Events told since the hub was made. */
  get publishedCount(): number {
    return this.#published;
  }

  /** Subscribes at once, before the first `next()`. Throws `InvalidFilterError` for a filter that is unknown or malformed. */
  events(options: EventsOptions): AsyncIterable<EventMessage> {
    const filters = parseEventFilters(options.filters);
    const ended = new AbortController();
    const first = this.#subscribe(ended.signal);
    this.#endWhenDue(ended, options);
    this.#readers += 1;
    return this.#read(first, ended, { ...options, filters });
  }

  /** Ends every subscription and lets the history go. Idempotent. */
  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#history[Symbol.dispose]();
  }

  async *#read(
    first: Subscription,
    ended: AbortController,
    { sinceNs, untilNs = endOfTimeNs, filters }: EventsOptions,
  ): AsyncGenerator<EventMessage, void, undefined> {
    let subscription = first;
    let nextNs = sinceNs ?? first.beforeNs + 1n;
    try {
      for (;;) {
        const upToNs = untilNs < subscription.beforeNs ? untilNs : subscription.beforeNs;
        for await (const event of this.#inOrder(subscription, nextNs, upToNs)) {
          nextNs = event.timeNs + 1n;
          if (event.timeNs > untilNs) return;
          if (matchesEventFilters(event.message, filters)) yield event.message;
        }
        if (!subscription.overflowed || ended.signal.aborted) return;
        subscription = this.#subscribe(ended.signal);
      }
    } finally {
      this.#readers -= 1;
      this.#unsubscribe(subscription);
      ended.abort();
    }
  }

  /** The history up to `upToNs`, then what comes through the queue. */
  async *#inOrder(
    { queue }: Subscription,
    fromNs: bigint,
    upToNs: bigint,
  ): AsyncGenerator<StampedEvent, void, undefined> {
    if (fromNs <= upToNs) yield* this.#history.read(fromNs, upToNs);
    for await (const event of queue) if (event.timeNs >= fromNs) yield event;
  }

  #subscribe(ended: AbortSignal): Subscription {
    const queue = new BoundedQueue<StampedEvent>(subscriberCapacity);
    const subscription = { queue, beforeNs: this.#lastNs, overflowed: false };
    const leave = (): void => this.#unsubscribe(subscription);
    if (ended.aborted || this.#closing.signal.aborted) queue.end();
    else {
      this.#subscriptions.add(subscription);
      ended.addEventListener('abort', leave, { once: true });
      this.#closing.signal.addEventListener('abort', leave, { once: true, signal: ended });
    }
    return subscription;
  }

  #unsubscribe(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
    subscription.queue.end();
  }

  #endWhenDue(ended: AbortController, { untilNs, signal }: EventsOptions): void {
    const end = (): void => ended.abort();
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true, signal: ended.signal });
    if (untilNs === undefined) return;
    const waitMs = Number((untilNs - this.#clock.nowNs()) / 1_000_000n);
    if (waitMs <= 0) end();
    else void this.#clock.sleep(Math.min(waitMs, longestTimerMs), ended.signal).then(end, () => {});
  }

  #nextTime(): bigint {
    const nowNs = this.#clock.nowNs();
    const earliestNs = this.#lastNs + eventStepNs;
    const timeNs = nowNs > earliestNs ? nowNs : earliestNs;
    this.#lastNs = timeNs - (timeNs % eventStepNs);
    return this.#lastNs;
  }
}
