import type { ProcessInput } from '@gantry/runtime';
import { DetachScanner } from './detach-keys.ts';

export interface SessionInputOptions {
  /** The process's stdin, once it runs; undefined when it has none or never will. */
  target: (signal: AbortSignal) => Promise<ProcessInput | undefined>;
  /** Undefined when nothing is watched for. */
  detachKeys: Uint8Array | undefined;
  onDetach: () => void;
  /** The end of the client's input is the end of the process's. */
  endsProcessInput: boolean;
  /** Aborts when the session ends. */
  signal: AbortSignal;
}

/** The way of a client's keys to a process. Nothing is lost that is written before the process runs. */
export class SessionInput {
  readonly #options: SessionInputOptions;
  readonly #scanner: DetachScanner | undefined;
  #tail: Promise<void> = Promise.resolve();

  constructor(options: SessionInputOptions) {
    this.#options = options;
    this.#scanner = options.detachKeys === undefined ? undefined : new DetachScanner(options.detachKeys);
  }

  /** Resolves when the process took the bytes, or will never take any: until then the client is not read. */
  write(data: Uint8Array): Promise<void> {
    const { input, detached } = this.#scanner?.scan(data) ?? { input: data, detached: false };
    this.#enqueue(async (target) => {
      if (input.length > 0) await target.write(input, this.#options.signal);
    });
    if (detached) void this.#tail.then(this.#options.onDetach);
    return this.#tail;
  }

  /** The client has no more input. */
  end(): void {
    if (!this.#options.endsProcessInput) return;
    this.#enqueue((target) => {
      target.end();
      return Promise.resolve();
    });
  }

  /** A process that has ended, or closed its stdin, takes nothing: that is no failure of the session. */
  #enqueue(work: (target: ProcessInput) => Promise<void>): void {
    this.#tail = this.#tail
      .then(async () => {
        const target = await this.#options.target(this.#options.signal);
        if (target !== undefined) await work(target);
      })
      .catch(() => {});
  }
}
