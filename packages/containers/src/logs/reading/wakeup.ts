/** Lets one reader wait for news: any number of `notify` before a `wait` count as one. */
export class Wakeup {
  #notified = false;
  #wake: (() => void) | undefined;

  notify(): void {
    this.#notified = true;
    this.#wake?.();
  }

  /** Resolves at once when there was news since the last `wait`. */
  async wait(): Promise<void> {
    if (!this.#notified) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#notified = false;
    this.#wake = undefined;
  }
}
