import { Worker } from 'node:worker_threads';
import type { Clock } from '@gantry/base';
import { releaseFreeMemory } from '@gantry/kernel';
import type { LayerFault } from '../errors.ts';
import type { WrittenLayer } from './layer-writer.ts';
import { fromFailure } from './unpack-failure.ts';
import type { UnpackJob, UnpackMessage } from './unpack-job.ts';

export interface UnpackPoolOptions {
  /** Most threads at once. */
  size: number;
  clock: Clock;
  /** How long a thread waits for the next layer before it ends. */
  idleMs?: number;
}

export interface UnpackRunOptions {
  signal?: AbortSignal;
  onProgress?: (consumedBytes: number) => void;
}

interface Task {
  job: UnpackJob;
  onProgress: ((consumedBytes: number) => void) | undefined;
  settled: Promise<void>;
  resolve: (written: WrittenLayer) => void;
  reject: (error: Error) => void;
}

/** Heap that a worker may take before it is ended: an attack on its memory must not end the engine. */
const maxHeapMb = 512;
/** What it makes is forgotten at once, so that little room is enough. */
const maxYoungHeapMb = 2;

/**
 * Threads that unpack layers. They start when there is work and end when there is none for a while, so that an idle engine
 * keeps no memory for them.
 */
export class UnpackPool implements AsyncDisposable {
  readonly #options: UnpackPoolOptions;
  readonly #waiting: Task[] = [];
  readonly #idle: UnpackThread[] = [];
  readonly #threads = new Set<UnpackThread>();
  readonly #onEnd: (() => void)[] = [];
  #closed = false;

  constructor(options: UnpackPoolOptions) {
    this.#options = options;
  }

  /** Threads that run now. */
  get threads(): number {
    return this.#threads.size;
  }

  /** Resolves when the next thread has ended. */
  threadEnded(): Promise<void> {
    return new Promise((resolve) => this.#onEnd.push(resolve));
  }

  /** Rejects with the errors of `Snapshotter.unpackLayer`, AbortError among them; the worker is done with the files then. */
  async run(job: Omit<UnpackJob, 'cancel'>, options: UnpackRunOptions = {}): Promise<WrittenLayer> {
    options.signal?.throwIfAborted();
    const cancel = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const onAbort = (): void => void Atomics.store(new Int32Array(cancel), 0, 1);
    options.signal?.addEventListener('abort', onAbort);
    try {
      const { promise, resolve, reject } = Promise.withResolvers<WrittenLayer>();
      const settled = promise.then(
        () => undefined,
        () => undefined,
      );
      const { onProgress } = options;
      this.#waiting.push({ job: { ...job, cancel }, onProgress, settled, resolve, reject });
      this.#next();
      return await promise;
    } finally {
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends all threads; what runs is rejected, after it has closed its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const task of this.#waiting.splice(0)) task.reject(fromFailure({ name: 'AbortError' }));
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }

  #next(): void {
    const task = this.#waiting[0];
    if (task === undefined || this.#closed) return;
    const thread = this.#idle.pop() ?? this.#start();
    if (thread === undefined) return;
    this.#waiting.shift();
    thread.take(task);
  }

  #start(): UnpackThread | undefined {
    if (this.#threads.size >= this.#options.size) return undefined;
    const thread = new UnpackThread({
      onFree: () => void this.#onFree(thread),
      onExit: () => {
        this.#threads.delete(thread);
        if (this.#threads.size === 0) releaseFreeMemory();
        for (const resolve of this.#onEnd.splice(0)) resolve();
        this.#next();
      },
    });
    this.#threads.add(thread);
    return thread;
  }

  async #onFree(thread: UnpackThread): Promise<void> {
    this.#idle.push(thread);
    this.#next();
    const job = thread.jobs;
    await this.#options.clock.sleep(this.#options.idleMs ?? 2000);
    const index = this.#idle.indexOf(thread);
    if (index === -1 || thread.jobs !== job) return;
    this.#idle.splice(index, 1);
    await thread.end();
  }
}

interface ThreadEvents {
  onFree: () => void;
  onExit: () => void;
}

/** One worker and the task it has. */
class UnpackThread {
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  #task: Task | undefined;
  #error: Error | undefined;
  /** Tasks taken so far. */
  jobs = 0;

  constructor(events: ThreadEvents) {
    this.#events = events;
    this.#worker = new Worker(new URL('./unpack.worker.ts', import.meta.url), {
      name: 'unpack',
      // Descriptors are opened and closed by the kernel package: Node must not close them again.
      trackUnmanagedFds: false,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb, maxYoungGenerationSizeMb: maxYoungHeapMb },
    });
    this.#worker.on('message', (message: UnpackMessage) => this.#onMessage(message));
    this.#worker.on('error', (error) => (this.#error = error as Error));
    this.#worker.on('exit', () => this.#onExit());
  }

  take(task: Task): void {
    this.jobs += 1;
    this.#task = task;
    this.#worker.ref();
    this.#worker.postMessage(task.job, []);
  }

  /** A thread that is ended in the middle of a task would leave its descriptors open: the task ends first. */
  async end(): Promise<void> {
    if (this.#task !== undefined) {
      Atomics.store(new Int32Array(this.#task.job.cancel), 0, 1);
      await this.#task.settled;
    }
    await this.#worker.terminate();
  }

  #onMessage(message: UnpackMessage): void {
    const task = this.#task;
    if (message.type === 'progress') {
      task?.onProgress?.(message.consumedBytes);
      return;
    }
    this.#task = undefined;
    this.#worker.unref();
    if (message.type === 'done') task?.resolve(message.written);
    else task?.reject(fromFailure(message.failure));
    this.#events.onFree();
  }

  #onExit(): void {
    const task = this.#task;
    this.#task = undefined;
    if (task !== undefined) {
      const reason = this.#error === undefined ? 'the unpacking thread was ended' : this.#error.message;
      const fault: LayerFault = { digest: task.job.diffId, reason };
      const kind = this.#error === undefined ? 'cancelled' : 'internal';
      task.reject(fromFailure({ name: 'UnpackFailedError', kind, fault }));
    }
    this.#events.onExit();
  }
}
