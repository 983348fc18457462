import { type FSWatcher, watch } from 'node:fs';
import type { Logger } from '@gantry/base';

/**
 * One inotify watch for a whole folder: whoever waits for a file in it is woken when that file is made or changed. It
 * says nothing about the content: the woken look for themselves.
 */
export class EventFolder implements Disposable {
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #watcher: FSWatcher;

  constructor(directory: string, logger: Logger) {
    this.#watcher = watch(directory, { persistent: false }, (_, name) => {
      const listeners = name === null ? undefined : this.#listeners.get(name);
      for (const listener of listeners ?? []) listener();
    });
    this.#watcher.on('error', (error) => {
      logger.error('watching the events folder failed', { component: 'runtime', directory, error });
    });
  }

  /** Calls `listener` at every change of the file `name` until disposed. Look at the file after subscribing, not before. */
  subscribe(name: string, listener: () => void): Disposable {
    const listeners = this.#listeners.get(name) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(name, listeners);
    return {
      [Symbol.dispose]: () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#watcher.close();
    this.#listeners.clear();
  }
}
