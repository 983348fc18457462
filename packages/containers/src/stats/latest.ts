/**
 * Holds the newest of a run of values until its one reader takes it: a value that was not taken in time is replaced. Ends
 * with `end`, or when the reader leaves its loop.
 */
export class Latest<T> implements AsyncIterable<T> {
  #value: { value: T } | undefined;
  #ended = false;
  #wake: () => void = () => {};
  readonly #onLeave: () => void;

  constructor(onLeave: () => void) {
    this.#onLeave = onLeave;
  }

  put(value: T): void {
    this.#value = { value };
    this.#wake();
  }

  /** What was put before is still read. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for (;;) {
        const held = this.#value;
        this.#value = undefined;
        if (held !== undefined) yield held.value;
        else if (this.#ended) return;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#onLeave();
    }
  }
}
