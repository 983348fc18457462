import { close, openSync, write } from 'node:fs';
import path from 'node:path';
import { type CgroupLayout, cgroupDirectory, cgroupsOfProcess } from './layout.ts';

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
  }

  #tell(): void {
    const descriptor = this.#isWriting ? undefined : this.#openOwnCgroup();
    if (descriptor === undefined) return;
    this.#isWriting = true;
    // At once: with promises it would begin when the event loop comes round, which is after the start's own steps.
    write(descriptor, String(process.pid), () => {
      this.#isWriting = false;
      close(descriptor);
    });
  }

  /** Looked for each time: somebody may have moved us. Undefined when it cannot be opened, for want of descriptors too. */
  #openOwnCgroup(): number | undefined {
    try {
      const controller = this.#layout.version === 2 ? '' : 'pids';
      const ours = cgroupsOfProcess(process.pid).get(controller);
      const directory = ours === undefined ? undefined : cgroupDirectory(this.#layout, controller, ours);
      return directory === undefined ? undefined : openSync(path.join(directory, 'cgroup.procs'), 'r+');
    } catch {
      return undefined;
    }
  }
}
