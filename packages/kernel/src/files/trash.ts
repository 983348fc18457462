import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@gantry/base';
import { isErrno } from '../ffi/errno.ts';
import { Directory } from './directory.ts';
import { removeTree } from './remove-tree.ts';

/** Two thirds of the time are for those who wait for something. */
const pauseMs = 4;
/** Without work for this long nobody waits for anything. */
const restMs = 300;
const longestWaitMs = 5_000;

/**
 * Where directories go to be deleted: gone from their place at once, by a rename, and deleted in the background, one
 * after the other, when there is nothing else to do, or after five seconds. What a crash leaves is deleted at the next
 * start.
 */
export class Trash implements AsyncDisposable {
  readonly #folder: string;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  #working: Promise<void> | undefined;
  #waiting = new AbortController();
  #busyUntilMs = 0;

  /** `folder` is made if missing, on the file system of what will be thrown away. */
  constructor(folder: string, logger: Logger) {
    this.#folder = folder;
    this.#logger = logger;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.holdOff();
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
    this.holdOff();
    this.#work();
    return true;
  }

  /** Somebody is being worked for, and mostly has more to ask for: deleting can wait. */
  holdOff(): void {
    this.#busyUntilMs = performance.now() + restMs;
  }

  /** Deletes at once; resolves when the trash is empty (or cannot be emptied). */
  async emptied(): Promise<void> {
    while (this.#working !== undefined) {
      this.#waiting.abort();
      await this.#working;
    }
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
    await this.#wait();
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

  /** For a rest, or until `emptied` does not. */
  async #wait(): Promise<void> {
    this.#waiting = new AbortController();
    const { signal } = this.#waiting;
    const latestMs = performance.now() + longestWaitMs;
    for (;;) {
      const leftMs = Math.min(this.#busyUntilMs, latestMs) - performance.now();
      if (leftMs <= 0 || signal.aborted) return;
      await delay(leftMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}
