interface Shared<T> {
  result: Promise<T>;
  abort: AbortController;
  waiting: number;
}

/** Runs work once for all who ask for one key at a time; it is aborted when the last of them has given up. */
export class SharedWork<T> {
  readonly #running = new Map<string, Shared<T>>();

  /**
   * Joins what runs for `key`, or starts `work`. A caller whose `signal` aborts leaves and the others go on; the last one
   * leaves when the aborted work has ended.
   */
  async run(key: string, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const shared = this.#running.get(key) ?? this.#start(key, work);
    shared.waiting += 1;
    const { promise: left, reject } = Promise.withResolvers<never>();
    const leave = (): void => reject(signal?.reason as Error);
    signal?.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([shared.result, left]);
    } finally {
      signal?.removeEventListener('abort', leave);
      shared.waiting -= 1;
      if (shared.waiting === 0) await this.#abandon(key, shared);
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Shared<T> {
    const abort = new AbortController();
    const shared: Shared<T> = { result: work(abort.signal), abort, waiting: 0 };
    this.#running.set(key, shared);
    return shared;
  }

  /** Whoever comes now starts anew. */
  async #abandon(key: string, shared: Shared<T>): Promise<void> {
    this.#running.delete(key);
    shared.abort.abort();
    await shared.result.catch(() => undefined);
  }
}
