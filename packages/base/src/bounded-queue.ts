/**
 * A queue between a producer that must not wait and one slow reader: the reader iterates, the producer pushes.
 * Bounded by `capacity` (items, or whatever `sizeOf` counts); what does not fit is refused and the producer decides.
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  #items: (T | undefined)[] = [];
  /** Where the first item that was not read is: shifting a long array costs its length. */
  #head = 0;
  readonly #capacity: number;
  readonly #sizeOf: (item: T) => number;
  #size = 0;
  #ended = false;
  #error: unknown;
  #wake: (() => void) | undefined;
  #drained: (() => void) | undefined;

  constructor(capacity: number, sizeOf: (item: T) => number = () => 1) {
    this.#capacity = capacity;
    this.#sizeOf = sizeOf;
  }

  /** False, and `item` is not taken, when the queue is full or ended. An item larger than the capacity fits when the queue is empty. */
  push(item: T): boolean {
    const size = this.#sizeOf(item);
    if (this.#ended || (this.#length > 0 && this.#size + size > this.#capacity)) return false;
    this.#items.push(item);
    this.#size += size;
    this.#wake?.();
    return true;
  }

  /** Resolves when the queue is empty or ended. */
  drained(): Promise<void> {
    if (this.#length === 0 || this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const previous = this.#drained;
      this.#drained = () => {
        previous?.();
        resolve();
      };
    });
  }

  /** The reader gets what is queued, then the end (or `error`). Idempotent. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
    this.#notifyDrained();
  }

  get ended(): boolean {
    return this.#ended;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    try {
      for (;;) {
        if (this.#length > 0) {
          const item = this.#take();
          if (this.#length === 0) this.#notifyDrained();
          yield item;
        } else if (this.#ended) {
          if (this.#error !== undefined) throw this.#error;
          return;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
          this.#wake = undefined;
        }
      }
    } finally {
      this.end();
    }
  }

  get #length(): number {
    return this.#items.length - this.#head;
  }

  #take(): T {
    const item = this.#items[this.#head] as T;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    this.#size -= this.#sizeOf(item);
    if (this.#head === this.#items.length || this.#head >= 1024) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  #notifyDrained(): void {
    this.#drained?.();
    this.#drained = undefined;
  }
}
