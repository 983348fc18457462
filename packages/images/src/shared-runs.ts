import type { ProgressMessage } from '@gantry/api-types';

export interface Waiter {
  onProgress: (message: ProgressMessage) => void;
  signal?: AbortSignal;
}

type Work<T> = (onProgress: (message: ProgressMessage) => void, signal: AbortSignal) => Promise<T>;

interface Run<T> {
  waiters: Set<Waiter>;
  /** The latest line of each id, for who comes late. */
  latest: Map<string, ProgressMessage>;
  abort: AbortController;
  result: Promise<T>;
}

/** One run a key, however many ask for it: all see its progress and get its result. It is stopped when nobody waits for it any more. */
export class SharedRuns<T> {
  readonly #runs = new Map<string, Run<T>>();

  /** Joins the run of `key`, or begins one with `work`. A waiter whose signal aborts leaves with the signal's reason. */
  async join(key: string, waiter: Waiter, work: Work<T>): Promise<T> {
    waiter.signal?.throwIfAborted();
    const run = this.#runs.get(key) ?? this.#begin(key, work);
    for (const message of run.latest.values()) waiter.onProgress(message);
    run.waiters.add(waiter);
    const left = Promise.withResolvers<never>();
    const leave = (): void => left.reject(waiter.signal?.reason as Error);
    waiter.signal?.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([run.result, left.promise]);
    } finally {
      waiter.signal?.removeEventListener('abort', leave);
      run.waiters.delete(waiter);
      if (run.waiters.size === 0) await this.#stop(key, run);
    }
  }

  #begin(key: string, work: Work<T>): Run<T> {
    const abort = new AbortController();
    const waiters = new Set<Waiter>();
    const latest = new Map<string, ProgressMessage>();
    const report = (message: ProgressMessage): void => {
      latest.set(message.id ?? `${latest.size}`, message);
      for (const waiter of waiters) waiter.onProgress(message);
    };
    const run: Run<T> = { waiters, latest, abort, result: work(report, abort.signal) };
    this.#runs.set(key, run);
    const forget = (): void => {
      if (this.#runs.get(key) === run) this.#runs.delete(key);
    };
    run.result.then(forget, forget);
    return run;
  }

  /** Waits until nothing of it is left: the last waiter's error comes after the clean-up. */
  async #stop(key: string, run: Run<T>): Promise<void> {
    if (this.#runs.get(key) === run) this.#runs.delete(key);
    run.abort.abort();
    await run.result.catch(() => {});
  }
}
