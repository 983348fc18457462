import type { EventMessage, Filters } from '@gantry/api-types';
import { BoundedQueue, type Clock } from '@gantry/base';
import { matchesEventFilters, parseEventFilters } from './event-filters.ts';

/** Events kept for a reader that asks for the past. */
const backlogLength = 1024;
/** Events a reader may lag behind before it loses its subscription. */
const subscriberCapacity = 1024;
/** What a timer of Node can wait for at most. */
const longestTimerMs = 2 ** 31 - 1;

export interface EngineEvent {
  type: NonNullable<EventMessage['Type']>;
  action: string;
  actorId: string;
  attributes: Readonly<Record<string, string>>;
}

export interface EventsOptions {
  /** Starts with the events kept from then on; without it, with what happens next. */
  sinceNs?: bigint;
  /** Ends then; at once, after the backlog, when it is past. */
  untilNs?: bigint;
  filters: Filters;
  signal: AbortSignal;
}

interface StampedEvent {
  timeNs: bigint;
  message: EventMessage;
}

/**
 * What happened in the engine, told to whoever listens. Publishing never waits: a reader that stalls loses its
 * subscription, which ends after what was queued for it. The events of the last while are kept for `sinceNs`.
 */
export class EventHub {
  readonly #clock: Clock;
  readonly #backlog: StampedEvent[] = [];
  readonly #subscribers = new Set<BoundedQueue<StampedEvent>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  publish(event: EngineEvent): void {
    const timeNs = this.#clock.nowNs();
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
    this.#backlog.push(stamped);
    if (this.#backlog.length > backlogLength) this.#backlog.shift();
    for (const queue of this.#subscribers) {
      if (queue.push(stamped)) continue;
      this.#subscribers.delete(queue);
      queue.end();
    }
  }

  /** Readers now connected, as `docker info` counts them. */
  get listenerCount(): number {
    return this.#subscribers.size;
  }

  /** Subscribes at once, before the first `next()`. Throws `InvalidFilterError` for a filter that is unknown or malformed. */
  events(options: EventsOptions): AsyncIterable<EventMessage> {
    const filters = parseEventFilters(options.filters);
    const { sinceNs, untilNs } = options;
    const past =
      sinceNs === undefined
        ? []
        : this.#backlog.filter(
            ({ timeNs }) => timeNs >= sinceNs && (untilNs === undefined || timeNs <= untilNs),
          );
    const queue = new BoundedQueue<StampedEvent>(subscriberCapacity);
    this.#subscribers.add(queue);
    const deadline = this.#endWhenDue(queue, options);
    return this.#read(past, queue, (event) => matchesEventFilters(event, filters), deadline);
  }

  /** Ends every subscription. */
  close(): void {
    for (const queue of this.#subscribers) queue.end();
    this.#subscribers.clear();
  }

  async *#read(
    past: readonly StampedEvent[],
    queue: BoundedQueue<StampedEvent>,
    matches: (message: EventMessage) => boolean,
    deadline: AbortController,
  ): AsyncGenerator<EventMessage, void, undefined> {
    try {
      for (const { message } of past) if (matches(message)) yield message;
      for await (const { message } of queue) if (matches(message)) yield message;
    } finally {
      this.#subscribers.delete(queue);
      queue.end();
      deadline.abort();
    }
  }

  #endWhenDue(queue: BoundedQueue<StampedEvent>, { untilNs, signal }: EventsOptions): AbortController {
    const end = (): void => {
      this.#subscribers.delete(queue);
      queue.end();
    };
    const deadline = new AbortController();
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true, signal: deadline.signal });
    if (untilNs !== undefined) {
      const waitMs = Number((untilNs - this.#clock.nowNs()) / 1_000_000n);
      if (waitMs <= 0) end();
      else void this.#clock.sleep(Math.min(waitMs, longestTimerMs), deadline.signal).then(end, () => {});
    }
    return deadline;
  }
}
