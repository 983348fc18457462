import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';

/**
 * Brings a database's write-ahead log to the disk on a pool thread. What is committed while that is under way has its
 * turn with the next one, which is one for all.
 */
export class LogSync implements AsyncDisposable {
  readonly #database: string;
  #log: FileHandle | undefined;
  /** Something was committed that the running sync does not cover. */
  #isBehind = false;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** After a sync that failed the kernel forgets what it could not write, and a later one would say that all is well. */
  #failure: { error: unknown } | undefined;
  #isClosed = false;

  /** `database` is the path of the database's file. */
  constructor(database: string) {
    this.#database = database;
  }

  /** There is a commit that is not on the disk. */
  fallBehind(): void {
    this.#isBehind = true;
  }

  /** Resolves when everything committed before the call is on the disk; rejects, from then on always, when it cannot be. */
  catchUp(): Promise<void> {
    if (this.#isBehind) this.#next ??= this.#syncAfter(this.#running);
    return this.#next ?? this.#running ?? this.#outcome();
  }

  /** The log was written back into the database, synced, and is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#isBehind = false;
    await (this.#next ?? this.#running)?.catch(() => {});
    await this.#log?.close();
    this.#log = undefined;
  }

  async #syncAfter(running: Promise<void> | undefined): Promise<void> {
    await running?.catch(() => {});
    this.#isBehind = false;
    this.#next = undefined;
    this.#running = this.#sync().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  async #sync(): Promise<void> {
    try {
      this.#log ??= await openLog(this.#database);
      await this.#log.datasync();
    } catch (error) {
      if (!this.#isClosed) this.#failure ??= { error };
    }
    await this.#outcome();
  }

  async #outcome(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** SQLite has made the log, and brings its name to the disk only with a sync of its own. */
async function openLog(database: string): Promise<FileHandle> {
  await using directory = await open(path.dirname(database), 'r');
  await directory.sync();
  return await open(`${database}-wal`, 'r');
}
