import type { EventMessage } from '@gantry/api-types';

/** An event with the moment that names it: no two have the same, and later ones have later ones. */
export interface StampedEvent {
  timeNs: bigint;
  message: EventMessage;
}

/** The events of the past, as far as they are kept. */
export interface EventHistory extends Disposable {
  /** The last event's time; 0 when there is none. */
  readonly lastNs: bigint;
  /** Kept when it returns, unless the store refuses it, which stops nobody. In order of time. */
  append(event: StampedEvent): void;
  /** Events from `sinceNs` to `untilNs`, both inclusive, in order; what is appended meanwhile may be missing. */
  read(sinceNs: bigint, untilNs: bigint): AsyncIterable<StampedEvent>;
}

/** Events kept in memory, and no longer than the process. */
const longestInMemory = 1024;

/** For an engine without a data root. */
export class MemoryEventHistory implements EventHistory {
  readonly #events: StampedEvent[] = [];

  get lastNs(): bigint {
    return this.#events.at(-1)?.timeNs ?? 0n;
  }

  append(event: StampedEvent): void {
    this.#events.push(event);
    if (this.#events.length > longestInMemory) this.#events.shift();
  }

  async *read(sinceNs: bigint, untilNs: bigint): AsyncGenerator<StampedEvent, void, undefined> {
    yield* this.#events.filter(({ timeNs }) => timeNs >= sinceNs && timeNs <= untilNs);
  }

  [Symbol.dispose](): void {}
}
