import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../src/index.ts';

interface Sleeper {
  dueNs: bigint;
  wake: () => void;
}

/**
 * A clock that stands still until a test moves it.
 *
 * ```ts
 * const clock = new ManualClock();
 * const restart = restartAfterBackoff({ clock });
 * await clock.sleeping();
 * await clock.advance(100);
 * await restart;
 * ```
 */
export class ManualClock implements Clock {
  #nowNs: bigint;
  #wallNs: bigint;
  readonly #sleepers = new Set<Sleeper>();
  #watchers: { count: number; resolve: () => void }[] = [];

  constructor(start: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#nowNs = BigInt(start.getTime()) * 1_000_000n;
    this.#wallNs = this.#nowNs;
  }

  now(): Date {
    return new Date(Number(this.#wallNs / 1_000_000n));
  }

  nowNs(): bigint {
    return this.#nowNs;
  }

  sleep(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(abortError(signal));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => {
      this.#sleepers.delete(sleeper);
      reject(abortError(signal));
    };
    const wake = (): void => {
      this.#sleepers.delete(sleeper);
      signal?.removeEventListener('abort', onAbort);
      resolve();
    };
    const sleeper = { dueNs: this.#nowNs + toNs(timeoutMs), wake };
    this.#sleepers.add(sleeper);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#notify();
    return promise;
  }

  /** Resolves once at least `count` sleeps are under way. */
  sleeping(count = 1): Promise<void> {
    return new Promise((resolve) => {
      this.#watchers.push({ count, resolve });
      this.#notify();
    });
  }

  /**
   * Moves the time on, waking who is due in order of time, each at its own time; a sleep that begins meanwhile and ends
   * in the same stretch is woken too. Resolves when those who woke have had a turn.
   */
  async advance(durationMs: number): Promise<void> {
    const targetNs = this.#nowNs + toNs(durationMs);
    for (let next = this.#nextDue(targetNs); next !== undefined; next = this.#nextDue(targetNs)) {
      this.#moveTo(next.dueNs);
      next.wake();
      await nextTurn();
    }
    this.#moveTo(targetNs);
  }

  /** Sets the wall clock, as somebody does by hand or NTP does: sleeps and `nowNs` do not notice. */
  setWallClock(time: Date): void {
    this.#wallNs = BigInt(time.getTime()) * 1_000_000n;
  }

  #moveTo(timeNs: bigint): void {
    if (timeNs <= this.#nowNs) return;
    this.#wallNs += timeNs - this.#nowNs;
    this.#nowNs = timeNs;
  }

  #nextDue(targetNs: bigint): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.dueNs <= targetNs && (next === undefined || sleeper.dueNs < next.dueNs)) next = sleeper;
    }
    return next;
  }

  #notify(): void {
    const isMet = ({ count }: { count: number }): boolean => this.#sleepers.size >= count;
    for (const watcher of this.#watchers.filter(isMet)) watcher.resolve();
    this.#watchers = this.#watchers.filter((watcher) => !isMet(watcher));
  }
}

function toNs(durationMs: number): bigint {
  return BigInt(Math.max(0, Math.round(durationMs * 1e6)));
}

/** As `node:timers/promises` rejects. */
function abortError(signal: AbortSignal | undefined): Error {
  return Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  });
}
