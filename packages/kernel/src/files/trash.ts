import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@gantry/base';
import { Directory, isErrno, removeTree } from '@gantry/kernel';

/** Two thirds of the time are for those who wait for something. */
const pauseMs = 4;
const graceMs = 10;

/**
 * Where directories go to be deleted: gone from their place at once, by a rename, and deleted in the background, one
 * after the other. What a crash leaves is deleted at the next start.
 */
export class Trash implements AsyncDisposable {
  readonly #folder: string;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  #working: Promise<void> | undefined;

  /** `folder` is made if missing, on the file system of what will be thrown away. */
  constructor(folder: string, logger: Logger) {
    this.#folder = folder;
    this.#logger = logger;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#work();
  }

  /** Idempotent: false when nothing was at `directory`. */
  throwAway(directory: string): boolean {
    try {
      renameSync(directory, path.join(this.#folder, randomUUID()));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
    this.#work();
    return true;
  }

  /** Resolves when the trash is empty (or cannot be emptied). */
  async emptied(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  /** Stops deleting. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.emptied();
  }

  #work(): void {
    this.#working ??= this.#deleteAll().finally(() => (this.#working = undefined));
  }

  async #deleteAll(): Promise<void> {
    // Whoever threw something away has more to do, and somebody waits for it.
    await delay(graceMs, undefined, { signal: this.#abort.signal }).catch(() => {});
    if (this.#abort.signal.aborted) return;
    using folder = Directory.openPath(this.#folder);
    const stuck = new Set<string>();
    for (;;) {
      const name = readdirSync(this.#folder).find((candidate) => !stuck.has(candidate));
      if (name === undefined) return;
      try {
        await removeTree(folder, name, { signal: this.#abort.signal, pauseMs });
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        stuck.add(name);
        this.#logger.warn('a directory cannot be deleted now', {
          path: path.join(this.#folder, name),
          error,
        });
      }
    }
  }
}
