export interface WaitOptions {
  signal: AbortSignal;
  timeoutMs: number;
  /** What is thrown when the time is over. */
  missing: () => Error;
}

/** A map whose values may be waited for. */
export class AwaitedMap<Value> {
  readonly #values = new Map<string, Value>();
  readonly #waiting = new Map<string, Set<(value: Value) => void>>();

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value);
    for (const resolve of this.#waiting.get(key) ?? []) resolve(value);
    this.#waiting.delete(key);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  values(): Value[] {
    return [...this.#values.values()];
  }

  /** The value, now or when it is set. */
  async wait(key: string, { signal, timeoutMs, missing }: WaitOptions): Promise<Value> {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting.add(resolve));
    const timer = setTimeout(() => reject(missing()), timeoutMs);
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      waiting.delete(resolve);
      if (waiting.size === 0) this.#waiting.delete(key);
    }
  }
}
