import type { Clock } from '@gantry/base';

/** A few megabytes of keys. Beyond, nothing is collected until fewer clients ask. */
const maxKeys = 100_000;

/**
 * Blobs that a client was told of a short time ago, and may name in a manifest soon without sending them. What was asked for
 * before this process began is not known here: until one grace time has passed, everything counts as recent.
 */
export class RecentBlobs {
  readonly #clock: Clock;
  readonly #graceMs: number;
  #current = new Set<string>();
  #previous = new Set<string>();
  /** When `current` began. */
  #sinceMs: number;
  /** Until then nothing is known well enough. */
  #blindUntilMs: number;

  constructor(clock: Clock, graceMs: number) {
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.#sinceMs = clock.now().getTime();
    this.#blindUntilMs = this.#sinceMs + graceMs;
  }

  get graceMs(): number {
    return this.#graceMs;
  }

  note(key: string): void {
    this.#turn();
    if (this.#current.size < maxKeys) this.#current.add(key);
    else this.#blindUntilMs = this.#clock.now().getTime() + this.#graceMs;
  }

  has(key: string): boolean {
    this.#turn();
    return (
      this.#clock.now().getTime() < this.#blindUntilMs || this.#current.has(key) || this.#previous.has(key)
    );
  }

  /** A key stays for one grace time at least and two at most. */
  #turn(): void {
    const nowMs = this.#clock.now().getTime();
    if (nowMs - this.#sinceMs < this.#graceMs) return;
    this.#previous = nowMs - this.#sinceMs < 2 * this.#graceMs ? this.#current : new Set();
    this.#current = new Set();
    this.#sinceMs = nowMs;
  }
}
