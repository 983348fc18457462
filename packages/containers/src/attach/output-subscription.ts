import type { Clock } from '@gantry/base';
import type { OutputFrame } from './output-frame.ts';

export interface OutputSubscriptionOptions {
  clock: Clock;
  capacityBytes: number;
  /** Undefined: a full queue holds the process up for as long as it takes. */
  stall?: {
    afterMs: number;
    /** Told in-band to a client that is cut off. */
    error: Error;
  };
  onClose: () => void;
}

/**
 * One client's queue of output. While it is full the container's output waits, as Docker's does, so that `docker run … |
 * slow-program` loses nothing; but a client that takes nothing at all for `stall.afterMs` loses its subscription.
 */
export class OutputSubscription implements AsyncIterable<OutputFrame> {
  readonly #options: OutputSubscriptionOptions;
  #queue: OutputFrame[] = [];
  #queuedBytes = 0;
  #taken = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  #room: { promise: Promise<void>; resolve: () => void } | undefined;

  constructor(options: OutputSubscriptionOptions) {
    this.#options = options;
  }

  /** Takes the frame. Undefined when there is room for more; else resolves when there is, or the subscription is over. */
  push(frame: OutputFrame): Promise<void> | undefined {
    if (this.#ended) return undefined;
    this.#queue.push(frame);
    this.#queuedBytes += frame.data.length;
    this.#wake?.();
    if (this.#queuedBytes <= this.#options.capacityBytes) return undefined;
    if (this.#room === undefined) {
      this.#room = Promise.withResolvers<void>();
      if (this.#options.stall !== undefined)
        void this.#watchForStall(this.#options.stall, this.#room.promise);
    }
    return this.#room.promise;
  }

  /** The reader is busy with something else that it was given: it does not stall. */
  touch(): void {
    this.#taken += 1;
  }

  /** The reader gets what is queued, then the end. Idempotent. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
    this.#release();
  }

  /** The reader is gone: what is queued is dropped. Idempotent. */
  close(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.end();
    this.#options.onClose();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OutputFrame, void, undefined> {
    try {
      for (;;) {
        const frames = this.#queue;
        this.#queue = [];
        for (const frame of frames) {
          yield frame;
          this.#took(frame);
        }
        if (this.#queue.length > 0) continue;
        if (this.#ended) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      }
    } finally {
      this.close();
    }
  }

  #took(frame: OutputFrame): void {
    this.#taken += 1;
    this.#queuedBytes = Math.max(0, this.#queuedBytes - frame.data.length);
    if (this.#queuedBytes <= this.#options.capacityBytes) this.#release();
  }

  #release(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  async #watchForStall(
    { afterMs, error }: NonNullable<OutputSubscriptionOptions['stall']>,
    roomMade: Promise<void>,
  ): Promise<void> {
    const stop = new AbortController();
    void roomMade.then(() => stop.abort());
    for (let taken = -1; taken !== this.#taken; ) {
      taken = this.#taken;
      try {
        await this.#options.clock.sleep(afterMs, stop.signal);
      } catch {
        return;
      }
    }
    this.#queue = [{ stream: 'system', data: Buffer.from(`${error.message}\n`) }];
    this.end();
    this.#options.onClose();
  }
}
