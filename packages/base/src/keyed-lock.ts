/**
 * One holder a key at a time, in order of asking. Different keys never wait for each other, and a key costs memory
 * only while it is held or waited for.
 */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` while holding `key`. Not reentrant. An aborted `signal` gives up the place in the queue. */
  async run<T>(key: string, work: () => Promise<T> | T, signal?: AbortSignal): Promise<T> {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const previous = this.#tails.get(key) ?? Promise.resolve();
    const tail = previous.then(() => released);
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    try {
      await abortable(previous, signal);
      return await work();
    } finally {
      release();
    }
  }
}

function abortable(wait: Promise<void>, signal?: AbortSignal): Promise<void> {
  if (signal === undefined) return wait;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  void wait.then(() => {
    signal.removeEventListener('abort', onAbort);
    resolve();
  });
  return promise;
}
