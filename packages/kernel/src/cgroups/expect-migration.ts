import { closeSync, openSync, write } from 'node:fs';
import path from 'node:path';
import { type CgroupLayout, cgroupDirectory, parseProcessCgroups, readProcessCgroups } from './layout.ts';

/** How long a migration is expected after the last word of it, and how often the kernel is told meanwhile. */
const expectedMs = 50;
const repeatMs = 5;

/**
 * Has the kernel prepare for processes that are about to be put into cgroups. The first migration after a pause waits for a
 * grace period of all processors (the lock `cgroup_threadgroup_rwsem`): 6 ms on an idle machine of two, 20 on a busy one; those
 * within the next ten do not (measured on Linux 6.18). Our own pid, written into the cgroup that we are in, changes nothing
 * and waits on a pool thread, beside whatever else a start has to do; written again and again, it keeps the kernel prepared
 * however long that takes.
 */
export class ExpectedMigrations implements Disposable {
  readonly #layout: CgroupLayout;
  #untilMs = 0;
  #ticker: NodeJS.Timeout | undefined;
  #isWriting = false;
  /** Our cgroup's list of processes, open, and what /proc said of us when it was opened. */
  #own: { descriptor: number; cgroups: string } | undefined;

  constructor(layout: CgroupLayout) {
    this.#layout = layout;
  }

  /** A migration will come within the next 50 ms. Never throws: unprepared, the migration waits itself. */
  expect(): void {
    this.#untilMs = performance.now() + expectedMs;
    if (this.#ticker !== undefined) return;
    this.#tell();
    this.#ticker = setInterval(() => {
      if (performance.now() < this.#untilMs) this.#tell();
      else this[Symbol.dispose]();
    }, repeatMs).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
    if (!this.#isWriting) this.#close();
  }

  #tell(): void {
    const descriptor = this.#isWriting ? undefined : this.#ownCgroup();
    if (descriptor === undefined) return;
    this.#isWriting = true;
    // At once: with promises it would begin when the event loop comes round, which is after the start's own steps.
    write(descriptor, String(process.pid), () => {
      this.#isWriting = false;
      if (this.#ticker === undefined) this.#close();
    });
  }

  /** Asked each time: somebody may have moved us. Undefined when it cannot be opened, for want of descriptors too. */
  #ownCgroup(): number | undefined {
    try {
      const cgroups = readProcessCgroups(process.pid);
      if (this.#own?.cgroups === cgroups) return this.#own.descriptor;
      this.#close();
      const controller = this.#layout.version === 2 ? '' : 'pids';
      const ours = parseProcessCgroups(cgroups).get(controller);
      const directory = ours === undefined ? undefined : cgroupDirectory(this.#layout, controller, ours);
      if (directory === undefined) return undefined;
      const descriptor = openSync(path.join(directory, 'cgroup.procs'), 'r+');
      this.#own = { descriptor, cgroups };
      return descriptor;
    } catch {
      return undefined;
    }
  }

  #close(): void {
    if (this.#own !== undefined) closeSync(this.#own.descriptor);
    this.#own = undefined;
  }
}
