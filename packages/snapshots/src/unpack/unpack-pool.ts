import { Worker } from 'node:worker_threads';
import type { Clock } from '@gantry/base';
import { releaseFreeMemory } from '@gantry/kernel';
import type { LayerFault } from '../errors.ts';
import type { ArrivingBlob } from './arriving-blob.ts';
import type { WrittenLayer } from './layer-writer.ts';
import { fromFailure } from './unpack-failure.ts';
import { jobName, type UnpackJob, type UnpackMessage, type UnpackOrder } from './unpack-job.ts';

export interface UnpackPoolOptions {
  /** Most threads at once. */
  size: number;
  clock: Clock;
  /** How long a thread waits for the next layer before it ends. */
  idleMs?: number;
}

export interface UnpackRunOptions {
  signal?: AbortSignal;
  /** The blob is still being written to its file. */
  arriving?: ArrivingBlob | undefined;
  onProgress?: (consumedBytes: number) => void;
}

interface Task {
  job: UnpackJob;
  arriving: ArrivingBlob | undefined;
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
 * Threads that unpack layers: each one that is here whole, and such as arrive, which wait most of the time. They start when there is work and end when there is none for a while, so that an idle engine
 * keeps no memory for them.
 */
export class UnpackPool implements AsyncDisposable {
  readonly #options: UnpackPoolOptions;
  readonly #waiting: Task[] = [];
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
  async run(
    job: Omit<UnpackJob, 'cancel' | 'arriving'>,
    options: UnpackRunOptions = {},
  ): Promise<WrittenLayer> {
    const { signal, arriving, onProgress } = options;
    signal?.throwIfAborted();
    const cancel = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const { promise, resolve, reject } = Promise.withResolvers<WrittenLayer>();
    const settled = promise.then(
      () => undefined,
      () => undefined,
    );
    const task: Task = { job: { ...job, cancel }, arriving, onProgress, settled, resolve, reject };
    const onAbort = (): void => cancelTask(task);
    signal?.addEventListener('abort', onAbort);
    try {
      this.#waiting.push(task);
      this.#next();
      return await promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends all threads; what runs is rejected, after it has closed its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const task of this.#waiting.splice(0)) task.reject(fromFailure({ name: 'AbortError' }));
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }

  #next(): void {
    if (this.#closed) return;
    for (const task of this.#waiting.splice(0)) {
      const thread = this.#threadFor(task);
      if (thread === undefined) this.#waiting.push(task);
      else thread.take(task);
    }
  }

  /** The least busy one; a layer that is here whole does not wait behind another in one thread. */
  #threadFor({ arriving }: Task): UnpackThread | undefined {
    const open = [...this.#threads].filter((thread) => !thread.isEnding);
    const fit = open.filter((thread) => arriving !== undefined || !thread.hasWhole);
    const [least] = fit.sort((one, other) => one.tasks - other.tasks);
    return least?.tasks === 0 ? least : (this.#start() ?? least);
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
    this.#next();
    const { taken } = thread;
    await this.#options.clock.sleep(this.#options.idleMs ?? 2000);
    if (thread.tasks === 0 && thread.taken === taken) await thread.end();
  }
}

interface ThreadEvents {
  onFree: () => void;
  onExit: () => void;
}

/** One worker and the tasks it has. */
class UnpackThread {
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  readonly #tasks = new Map<number, Task>();
  #error: Error | undefined;
  /** Tasks taken so far. */
  taken = 0;
  /** It takes no more. */
  isEnding = false;

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

  /** How many it has. */
  get tasks(): number {
    return this.#tasks.size;
  }

  get hasWhole(): boolean {
    return [...this.#tasks.values()].some(({ arriving }) => arriving === undefined);
  }

  take(task: Task): void {
    const id = (this.taken += 1);
    this.#tasks.set(id, task);
    this.#worker.ref();
    const { job, arriving } = task;
    if (arriving === undefined) return this.#order({ type: 'unpack', id, job });
    const { sizeBytes, arrivedBytes } = arriving;
    this.#order({ type: 'unpack', id, job: { ...job, arriving: { sizeBytes, arrivedBytes } } });
    arriving.onArrival((blob) => {
      const { sizeBytes: size, arrivedBytes: bytes } = blob;
      this.#order({ type: 'arrived', id, arrivedBytes: bytes, sizeBytes: size });
    });
  }

  /** A thread that is ended in the middle of a task would leave its descriptors open: the tasks end first. */
  async end(): Promise<void> {
    this.isEnding = true;
    const tasks = [...this.#tasks.values()];
    for (const task of tasks) cancelTask(task);
    await Promise.all(tasks.map(({ settled }) => settled));
    await this.#worker.terminate();
  }

  #order(order: UnpackOrder): void {
    this.#worker.postMessage(order, []);
  }

  #onMessage(message: UnpackMessage): void {
    const task = this.#tasks.get(message.id);
    if (message.type === 'progress') {
      task?.onProgress?.(message.consumedBytes);
      return;
    }
    this.#tasks.delete(message.id);
    if (this.tasks === 0) this.#worker.unref();
    if (message.type === 'done') task?.resolve(message.written);
    else task?.reject(fromFailure(message.failure));
    this.#events.onFree();
  }

  #onExit(): void {
    for (const { job, reject } of this.#tasks.values()) {
      const reason = this.#error === undefined ? 'the unpacking thread was ended' : this.#error.message;
      const fault: LayerFault = { digest: jobName(job), reason };
      const kind = this.#error === undefined ? 'cancelled' : 'internal';
      reject(fromFailure({ name: 'UnpackFailedError', kind, fault }));
    }
    this.#tasks.clear();
    this.#events.onExit();
  }
}

/** It ends at its next chunk, or where it waits for one. */
function cancelTask({ job, arriving }: Task): void {
  Atomics.store(new Int32Array(job.cancel), 0, 1);
  arriving?.wake();
}
