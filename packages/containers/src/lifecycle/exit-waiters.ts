import type { ContainerWaitResponse } from '@gantry/api-types';

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

interface Waiter {
  condition: WaitCondition;
  resolve: (response: ContainerWaitResponse) => void;
}

/** Those who wait for a container to end or to be gone. */
export class ExitWaiters {
  readonly #waiters = new Set<Waiter>();

  /** Registers at once; the result rejects with the signal's reason when it aborts. */
  add(condition: WaitCondition, signal: AbortSignal): Promise<ContainerWaitResponse> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { condition, resolve };
      const leave = (): void => {
        this.#waiters.delete(waiter);
        reject(signal.reason as Error);
      };
      if (signal.aborted) {
        leave();
        return;
      }
      this.#waiters.add(waiter);
      signal.addEventListener('abort', leave, { once: true });
      waiter.resolve = (response) => {
        signal.removeEventListener('abort', leave);
        resolve(response);
      };
    });
  }

  /** A run has ended. */
  notifyExit(response: ContainerWaitResponse): void {
    this.#notify(response, (condition) => condition !== 'removed');
  }

  /** The container is gone: nobody has anything left to wait for. */
  notifyRemoved(response: ContainerWaitResponse): void {
    this.#notify(response, () => true);
  }

  /** The container could not be removed, which the response says; who waits for the end of another run waits on. */
  notifyRemovalFailed(response: ContainerWaitResponse): void {
    this.#notify(response, (condition) => condition === 'removed');
  }

  #notify(response: ContainerWaitResponse, matches: (condition: WaitCondition) => boolean): void {
    for (const waiter of this.#waiters) {
      if (!matches(waiter.condition)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(response);
    }
  }
}
