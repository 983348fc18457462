import { type Clock, errorMessage, type Logger } from '@gantry/base';

export interface CacheCollectorOptions {
  /** Removes what is too much. */
  collect: () => Promise<void>;
  clock: Clock;
  logger: Logger;
}

/** After a build, and between two collections at least. */
const afterBuildMs = 1000;
const betweenMs = 60_000;

/** Has the build cache collected when builds have made it larger: soon after one, and once a minute at most. */
export class CacheCollector implements AsyncDisposable {
  readonly #options: CacheCollectorOptions;
  readonly #stop = new AbortController();
  #lastMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;

  constructor(options: CacheCollectorOptions) {
    this.#options = options;
  }

  /** A build is over. Of those until the next collection one counts. */
  request(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Waits for a collection that is under way; one that was only requested does not come. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { collect, clock, logger } = this.#options;
    const sinceMs = clock.now().getTime() - this.#lastMs;
    try {
      await clock.sleep(Math.max(afterBuildMs, betweenMs - sinceMs), this.#stop.signal);
      await collect();
      this.#lastMs = clock.now().getTime();
    } catch (error) {
      if (!this.#stop.signal.aborted)
        logger.warn('the build cache was not collected', { error: errorMessage(error) });
    }
  }
}
