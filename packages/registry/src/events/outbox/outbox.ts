import type { Clock, Logger } from '@gantry/base';
import type { Collection, MetadataStore } from '@gantry/state';
import type { NewRegistryEvent, RegistryEvent } from '../registry-event.ts';

/** Where a reader has got to. */
interface CursorRecord {
  /** The last event that was dealt with; empty: none. */
  after: string;
}

export interface OutboxOptions {
  store: MetadataStore;
  clock: Clock;
  logger: Logger;
  /** Names of everybody who reads; who is not named any more is forgotten. */
  readers: readonly string[];
  /** Past so many events the oldest go, read or not: a receiver that is away for weeks must not fill the disk. */
  maxEvents?: number;
}

/** Reads events in order, each at least once. */
export interface OutboxReader {
  /** The oldest events that were not acknowledged, at most a hundred; waits for one. Rejects when `signal` aborts. */
  next(signal: AbortSignal): Promise<readonly RegistryEvent[]>;
  /** These and all before them were dealt with, and do not come again. */
  acknowledge(event: RegistryEvent): void;
}

const defaultMaxEvents = 100_000;
const pageSize = 100;

/**
 * Events that somebody has still to be told of, in the store: what was appended in a transaction that is kept is told, over a
 * restart too. An event goes when every reader has dealt with it.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #events: Collection<RegistryEvent>;
  readonly #cursors: Collection<CursorRecord>;
  readonly #maxEvents: number;
  #lastId: number;
  #kept: number;
  #isClosed = false;
  #news = Promise.withResolvers<void>();

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#maxEvents = options.maxEvents ?? defaultMaxEvents;
    this.#events = options.store.collection<RegistryEvent>('registry-events', { version: 1 });
    this.#cursors = options.store.collection<CursorRecord>('registry-event-cursors', { version: 1 });
    const known = this.#events.entries().map(({ key }) => key);
    this.#kept = known.length;
    const cursors = this.#cursors.entries().map(({ document }) => document.after);
    this.#lastId = Math.max(Number(known.at(-1) ?? 0), ...cursors.map(Number));
    this.#settleReaders();
  }

  /** How many events wait for somebody. */
  get size(): number {
    return this.#kept;
  }

  /** The event with its place in the order; nothing is kept of it yet. */
  stamp(event: NewRegistryEvent): RegistryEvent {
    const now = this.#options.clock.now();
    this.#lastId = Math.max(this.#lastId + 1, now.getTime() * 1000);
    return { id: String(this.#lastId).padStart(16, '0'), time: now.toISOString(), ...event };
  }

  /** Keeps it, in the transaction that runs. Without readers nothing is kept. */
  append(event: RegistryEvent): void {
    if (this.#options.readers.length === 0) return;
    this.#events.put(event.id, event);
    // The transaction is over by then; if it failed, nothing is there.
    setImmediate(() => {
      if (!this.#isClosed && this.#events.get(event.id) !== undefined) this.#wake();
    });
  }

  /** As `append`, in a transaction of its own that does not wait for the disk: a power cut may take the event back. */
  appendSoon(event: RegistryEvent): void {
    this.#options.store.transaction(() => this.append(event), { sync: 'later' });
  }

  /** Nobody reads any more; the store may be closed. Events that come now are read after the next start. */
  close(): void {
    this.#isClosed = true;
  }

  reader(name: string): OutboxReader {
    return {
      next: async (signal) => {
        for (;;) {
          signal.throwIfAborted();
          const news = this.#news.promise;
          const page = this.#events.page({ after: this.#cursors.get(name)?.after ?? '', limit: pageSize });
          if (page.length > 0) return page.map(({ document }) => document);
          await untilNews(news, signal);
        }
      },
      acknowledge: ({ id }) => this.#acknowledge(name, id),
    };
  }

  #acknowledge(name: string, id: string): void {
    const { store } = this.#options;
    store.transaction(
      () => {
        this.#cursors.put(name, { after: id });
        this.#removeRead();
      },
      { sync: 'later' },
    );
  }

  /** A reader that is new begins with what happens from now on. */
  #settleReaders(): void {
    const { store, readers } = this.#options;
    const now = this.#lastId === 0 ? '' : String(this.#lastId).padStart(16, '0');
    store.transaction(() => {
      for (const { key } of this.#cursors.entries()) if (!readers.includes(key)) this.#cursors.delete(key);
      for (const name of readers)
        if (this.#cursors.get(name) === undefined) this.#cursors.put(name, { after: now });
      this.#removeRead();
    });
  }

  #removeRead(): void {
    const cursors = this.#cursors.entries().map(({ document }) => document.after);
    const [slowest = '9'] = cursors.toSorted();
    for (;;) {
      const page = this.#events.page({ limit: pageSize });
      const read = page.filter(({ key }) => key <= slowest);
      for (const { key } of read) this.#events.delete(key);
      this.#kept -= read.length;
      if (read.length < pageSize) break;
    }
    this.#removeTooMany();
  }

  #removeTooMany(): void {
    const surplus = this.#kept - this.#maxEvents;
    if (surplus <= 0) return;
    for (const { key } of this.#events.page({ limit: surplus })) this.#events.delete(key);
    this.#kept -= surplus;
    this.#options.logger.error('events were dropped that nobody took for too long', { count: surplus });
  }

  #wake(): void {
    this.#kept += 1;
    if (this.#kept > this.#maxEvents + pageSize) this.#options.store.transaction(() => this.#removeTooMany());
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}

async function untilNews(news: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([news, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
