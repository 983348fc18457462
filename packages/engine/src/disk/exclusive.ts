import { EngineError } from '@gantry/base';

/** Docker's answer to a prune while another of the same kind is at work. */
export class PruneRunningError extends EngineError {
  override readonly name = 'PruneRunningError';
  constructor() {
    super('conflict', 'prune-running', 'a prune operation is already running');
  }
}

/** Runs one piece of work of each kind at a time; a second of the same kind throws `PruneRunningError` at once. */
export class Exclusive<Kind extends string> {
  readonly #running = new Set<Kind>();

  async run<T>(kind: Kind, work: () => Promise<T>): Promise<T> {
    if (this.#running.has(kind)) throw new PruneRunningError();
    this.#running.add(kind);
    try {
      return await work();
    } finally {
      this.#running.delete(kind);
    }
  }
}
