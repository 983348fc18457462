import { closeDescriptor, isErrno, type ReadinessPoller, writeDescriptor } from '@gantry/kernel';
import type { ProcessInput } from '../container-runtime.ts';
import { InputClosedError } from '../errors.ts';

export interface PipeInputOptions {
  /** The container or exec, for messages. */
  subject: string;
  /** Non-blocking, and watched by nobody else; closed by this. */
  descriptor: number;
  poller: ReadinessPoller;
  /** Further steps until the process sees the end. Missing where input has no end (a terminal). */
  onEnd?: () => void;
}

/** Input over a pipe, a FIFO or a pty master. Writes wait for room, in order. */
export class PipeInput implements ProcessInput, Disposable {
  readonly #options: PipeInputOptions;
  readonly #closed = new AbortController();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: PipeInputOptions) {
    this.#options = options;
  }

  write(data: Uint8Array, signal?: AbortSignal): Promise<void> {
    const turn = this.#tail.then(() => this.#write(data, signal));
    this.#tail = turn.catch(() => {});
    return turn;
  }

  end(): void {
    if (this.#options.onEnd === undefined || this.#closed.signal.aborted) return;
    // After the writes that were asked for before.
    this.#tail = this.#tail.then(() => {
      if (this.#closed.signal.aborted) return;
      this[Symbol.dispose]();
      this.#options.onEnd?.();
    });
  }

  /** Closes our side; writes that wait throw `InputClosedError`. */
  [Symbol.dispose](): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(new InputClosedError(this.#options.subject));
    // A write that waits has the descriptor under watch until it has noticed.
    void this.#tail.then(() => closeDescriptor(this.#options.descriptor));
  }

  async #write(data: Uint8Array, signal?: AbortSignal): Promise<void> {
    const { descriptor, poller, subject } = this.#options;
    const either =
      signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]);
    let rest = data;
    while (rest.length > 0) {
      either.throwIfAborted();
      try {
        const written = writeDescriptor(descriptor, rest);
        if (written === 'would-block') await poller.ready(descriptor, 'writable', either);
        else rest = rest.subarray(written);
      } catch (error) {
        if (isErrno(error, 'EPIPE', 'EIO')) throw new InputClosedError(subject);
        throw error;
      }
    }
  }
}
