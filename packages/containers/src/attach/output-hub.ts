import type { Clock } from '@gantry/base';
import { SlowClientError } from '../errors.ts';
import type { OutputFrame } from './output-frame.ts';
import { OutputSubscription } from './output-subscription.ts';

/** What a client may lag behind before the container feels it, as a pipe would make it feel it. */
const defaultCapacityBytes = 16 * 1024 * 1024;
/** A client that takes nothing for so long, with its queue full, is cut off. */
const defaultStallMs = 5_000;

export interface OutputHubOptions {
  containerId: string;
  clock: Clock;
  capacityBytes?: number;
  stallMs?: number;
}

/** Hands a container's output to the clients attached to it; outlives its runs. */
export class OutputHub {
  readonly #options: OutputHubOptions;
  readonly #subscriptions = new Set<OutputSubscription>();

  constructor(options: OutputHubOptions) {
    this.#options = options;
  }

  /** Gets everything published from now on, until `end`. */
  subscribe(): OutputSubscription {
    const { containerId, clock, stallMs = defaultStallMs } = this.#options;
    const subscription = new OutputSubscription({
      clock,
      capacityBytes: this.#options.capacityBytes ?? defaultCapacityBytes,
      stall: { afterMs: stallMs, error: new SlowClientError(containerId, stallMs / 1000) },
      onClose: () => this.#subscriptions.delete(subscription),
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Undefined when every client had room; else resolves when all have again, or were cut off. */
  publish(frame: OutputFrame): Promise<unknown> | undefined {
    let waits: Promise<void>[] | undefined;
    for (const subscription of this.#subscriptions) {
      const wait = subscription.push(frame);
      if (wait !== undefined) (waits ??= []).push(wait);
    }
    return waits === undefined ? undefined : Promise.all(waits);
  }

  /** The run is over: clients get what is queued for them, then the end. */
  end(): void {
    for (const subscription of this.#subscriptions) subscription.end();
    this.#subscriptions.clear();
  }
}
