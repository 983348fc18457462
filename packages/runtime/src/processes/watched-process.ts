import { ProcessHandle, type ReadinessPoller, reapChild, type WaitStatus } from '@gantry/kernel';

/** A process whose death is told, and whose zombie is removed when it is our child. */
export class WatchedProcess implements Disposable {
  readonly handle: ProcessHandle;
  /** Resolves when it is dead, with its status if it was our child. */
  readonly died: Promise<WaitStatus | undefined>;
  readonly #poller: ReadinessPoller;
  #unwatch: Disposable;
  #isKilled = false;
  #isReaped = false;

  /** Takes over the handle. */
  constructor(handle: ProcessHandle, poller: ReadinessPoller) {
    this.handle = handle;
    this.#poller = poller;
    const { promise, resolve } = Promise.withResolvers<WaitStatus | undefined>();
    this.died = promise;
    const watch = poller.watch(handle.descriptor, 'readable', () => {
      this.#isReaped = true;
      resolve(reapChild(handle.pid));
    });
    watch.arm();
    this.#unwatch = watch;
  }

  /** The process `pid`, or undefined when it is gone or `isIt` says that the pid is another's by now. */
  static find(
    pid: number | undefined,
    poller: ReadinessPoller,
    isIt: (pid: number) => boolean,
  ): WatchedProcess | undefined {
    const handle = pid === undefined ? undefined : ProcessHandle.find(pid);
    if (handle === undefined) return undefined;
    // Asked while the handle is held: the answer is about this very process.
    if (handle.isAlive() && isIt(handle.pid)) return new WatchedProcess(handle, poller);
    reapChild(handle.pid);
    handle[Symbol.dispose]();
    return undefined;
  }

  get pid(): number {
    return this.handle.pid;
  }

  get isAlive(): boolean {
    return this.handle.isAlive();
  }

  /** Resolves when its parent has taken note of its death: then `handle.exitStatus` tells how it ended. Once only. */
  async noted(): Promise<void> {
    await this.died;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#unwatch[Symbol.dispose]();
    const watch = this.#poller.watch(this.handle.descriptor, 'hangup', resolve);
    this.#unwatch = watch;
    watch.arm();
    await promise;
  }

  /** Kills it and waits for its death. */
  async kill(): Promise<void> {
    if (this.end()) await this.died;
  }

  /** Kills it. False when it was dead and reaped. */
  end(): boolean {
    this.#isKilled = this.handle.signal(signalKill);
    return this.#isKilled;
  }

  /** Lets go of it; of one that was killed no zombie stays either. `died` stays pending when it had not come by then. */
  [Symbol.dispose](): void {
    this.#unwatch[Symbol.dispose]();
    if (this.#isKilled && !this.#isReaped) void this.handle.reapAndClose();
    else this.handle[Symbol.dispose]();
  }
}

const signalKill = 9;
