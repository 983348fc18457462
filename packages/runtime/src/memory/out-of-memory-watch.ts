import { existsSync, type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import { type EventCounter, outOfMemoryKills, type ReadinessPoller } from '@gantry/kernel';

/** Tells of OOM kills in one container's cgroup. */
export interface OutOfMemoryWatch extends Disposable {
  onOutOfMemory(listener: () => void): void;
  /** After the end: whether there was one, this engine's watch or not. */
  happened(): Promise<boolean>;
}

/**
 * v1: a counter that the kernel adds one to for each OOM, and one more when the cgroup is removed, some 20 ms later. An
 * increment while the cgroup is there is an OOM; a single one that is found afterwards is one if a second follows.
 */
export class CountingMemoryWatch implements OutOfMemoryWatch {
  readonly #directory: string;
  readonly #counter: EventCounter;
  readonly #poller: ReadinessPoller;
  readonly #listeners: (() => void)[] = [];
  readonly #unwatch: Disposable;
  #count = 0;
  #seen = false;

  /** Takes over the counter. */
  constructor(directory: string, counter: EventCounter, poller: ReadinessPoller) {
    this.#directory = directory;
    this.#counter = counter;
    this.#poller = poller;
    const watch = poller.watch(counter.descriptor, 'readable', () => {
      this.#take();
      if (this.#seen) watch.arm();
    });
    watch.arm();
    this.#unwatch = watch;
  }

  onOutOfMemory(listener: () => void): void {
    this.#listeners.push(listener);
    if (this.#seen) listener();
  }

  async happened(): Promise<boolean> {
    this.#take();
    if (this.#seen || this.#count === 0) return this.#seen;
    this.#unwatch[Symbol.dispose]();
    if (this.#count === 1) {
      const limit = AbortSignal.timeout(removalMs);
      await this.#poller.ready(this.#counter.descriptor, 'readable', limit).catch(() => undefined);
      this.#take();
    }
    if (this.#count > 1) this.#tell();
    return this.#seen;
  }

  [Symbol.dispose](): void {
    this.#unwatch[Symbol.dispose]();
    this.#counter[Symbol.dispose]();
  }

  #take(): void {
    const added = Number(this.#counter.take());
    this.#count += added;
    if (added > 0 && existsSync(this.#directory)) this.#tell();
  }

  #tell(): void {
    this.#seen = true;
    for (const listener of this.#listeners) listener();
  }
}

/** v2: `memory.events` of a cgroup of ours around the container's counts on after the container's own is gone. */
export class EventsFileMemoryWatch implements OutOfMemoryWatch {
  readonly #directory: string;
  readonly #listeners: (() => void)[] = [];
  readonly #watcher: FSWatcher;
  #kills = 0;

  constructor(directory: string) {
    this.#directory = directory;
    this.#watcher = watch(path.join(directory, 'memory.events'), { persistent: false }, () => this.#look());
    this.#watcher.on('error', () => {});
    this.#look();
  }

  onOutOfMemory(listener: () => void): void {
    this.#listeners.push(listener);
    if (this.#kills > 0) listener();
  }

  happened(): Promise<boolean> {
    this.#look();
    return Promise.resolve(this.#kills > 0);
  }

  [Symbol.dispose](): void {
    this.#watcher.close();
  }

  #look(): void {
    const kills = outOfMemoryKills(this.#directory, 2) ?? this.#kills;
    for (; this.#kills < kills; this.#kills += 1) for (const listener of this.#listeners) listener();
  }
}

const removalMs = 300;
