import { setWindowSize } from '@gantry/kernel';
import type { ContainerFiles } from '../container-files.ts';
import type { ContainerProcess, ExitStatus, TerminalSize } from '../container-runtime.ts';
import { NoTerminalError } from '../errors.ts';
import type { PipeInput } from '../input/pipe-input.ts';
import type { OutOfMemoryWatch } from '../memory/out-of-memory-watch.ts';
import { SpooledOutput } from '../output/durable-output.ts';
import type { OutputSource } from '../output/output-source.ts';
import { awaitExit } from '../processes/await-exit.ts';
import type { WatchedProcess } from '../processes/watched-process.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import { killCgroup } from './remove-traces.ts';
import type { StartRecord } from './start-record.ts';

/** All that belongs to one started container; `RunningProcess` takes it over. */
export interface ProcessParts {
  files: ContainerFiles;
  record: StartRecord;
  pid: number;
  startedAt: Date;
  /** Undefined when dead. */
  init: WatchedProcess | undefined;
  shim: WatchedProcess | undefined;
  holder: WatchedProcess | undefined;
  streams: ProcessStreams;
  memory: OutOfMemoryWatch | undefined;
}

export interface ProcessStreams {
  stdout: OutputSource;
  stderr?: OutputSource;
  input?: PipeInput;
  /** The terminal, when there is one: owned by `stdout`. */
  master?: number;
}

/** A container's init as this engine holds it. Disposing it lets go of everything and ends nothing. */
export class RunningProcess implements ContainerProcess, Disposable {
  readonly parts: ProcessParts;
  readonly output: SpooledOutput;
  readonly exited: Promise<ExitStatus>;
  readonly #memoryListeners: (() => void)[] = [];
  #hasExited = false;
  #clearedAway: Promise<unknown> = Promise.resolve();
  #disposed = false;

  constructor(context: RuntimeContext, parts: ProcessParts) {
    this.parts = parts;
    const { promise, resolve } = Promise.withResolvers<ExitStatus>();
    this.exited = promise;
    this.#awaitExit(context).then(resolve, (error: unknown) => {
      if (context.closing.aborted || this.#disposed) return;
      context.logger.error('the exit of a container cannot be watched', {
        component: 'runtime',
        containerId: parts.files.containerId,
        error,
      });
    });
    this.output = new SpooledOutput({
      containerId: parts.files.containerId,
      directory: parts.files.directory,
      poller: context.poller,
      clock: context.clock,
      stdout: parts.streams.stdout,
      ...(parts.streams.stderr ? { stderr: parts.streams.stderr } : {}),
      ended: promise,
      onComplete: () => this.#endKeepers(),
    });
  }

  get pid(): number {
    return this.parts.pid;
  }

  get startedAt(): Date {
    return this.parts.startedAt;
  }

  get stdin(): PipeInput | undefined {
    return this.parts.streams.input;
  }

  get isAlive(): boolean {
    return !this.#disposed && this.parts.init?.isAlive === true;
  }

  /** False when init is dead. */
  signal(signal: number): boolean {
    return !this.#disposed && this.parts.init?.handle.signal(signal) === true;
  }

  resize(size: TerminalSize): void {
    if (!this.parts.record.terminal) throw new NoTerminalError(`container ${this.parts.files.containerId}`);
    const { master } = this.parts.streams;
    if (this.#hasExited || this.#disposed || master === undefined) return;
    setWindowSize(master, size);
  }

  onOutOfMemory(listener: () => void): void {
    this.#memoryListeners.push(listener);
    this.parts.memory?.onOutOfMemory(listener);
  }

  /** Begins to tell of OOM kills, with what this run's record now says. */
  watchMemory(memory: OutOfMemoryWatch, record: StartRecord): void {
    this.parts.record = record;
    this.parts.memory = memory;
    for (const listener of this.#memoryListeners) memory.onOutOfMemory(listener);
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const { streams, memory, init, shim, holder } = this.parts;
    for (const part of [streams.input, this.output, memory, init, shim, holder]) part?.[Symbol.dispose]();
  }

  async #awaitExit(context: RuntimeContext): Promise<ExitStatus> {
    const { events, clock, closing } = context;
    const { files, init, shim, streams, record } = this.parts;
    const [{ exitCode, at, clearedAway }] = await Promise.all([
      awaitExit({ files, events, clock, init, shim, closing }, { early: true }),
      record.sharesPids === true ? this.#endOthers(context) : undefined,
    ]);
    const outOfMemory = (await this.parts.memory?.happened()) ?? false;
    this.#hasExited = true;
    this.#clearedAway = clearedAway;
    streams.input?.[Symbol.dispose]();
    return { exitCode, outOfMemory, at };
  }

  /** The shim not before it has said that the OCI runtime is through: its death would be the runtime's too. */
  #endKeepers(): void {
    const { shim, holder } = this.parts;
    holder?.end();
    this.#clearedAway.then(
      () => shim?.end(),
      () => {},
    );
  }

  /** What init leaves behind when it ends; crun 1.8 waits for it before it says that init has ended. */
  async #endOthers(context: RuntimeContext): Promise<void> {
    await this.parts.init?.died;
    if (context.closing.aborted || this.#disposed) return;
    await killCgroup(context, this.parts.record.cgroupPath);
  }
}
