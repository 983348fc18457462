import { errorMessage } from '@gantry/base';
import { setWindowSize } from '@gantry/kernel';
import type { ExecFiles } from '../container-files.ts';
import type { ExecProcess, ExitStatus, TerminalSize } from '../container-runtime.ts';
import { NoTerminalError } from '../errors.ts';
import type { PipeInput } from '../input/pipe-input.ts';
import { readLog } from '../lifecycle/await-started.ts';
import { awaitExit } from '../processes/await-exit.ts';
import { killTree } from '../processes/process-tree.ts';
import type { WatchedProcess } from '../processes/watched-process.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import type { ExecOutput } from './exec-output.ts';
import { removeExecTraces } from './remove-exec.ts';

export interface ExecParts {
  files: ExecFiles;
  containerId: string;
  pid: number;
  /** Undefined when dead. */
  shim: WatchedProcess | undefined;
  /** Keeps the terminal. */
  holder: WatchedProcess | undefined;
  /** The process itself; undefined when it was dead already. */
  process: WatchedProcess | undefined;
  output: ExecOutput;
  input: PipeInput | undefined;
  /** Of the terminal; owned by `input`. */
  master: number | undefined;
}

/** An exec'd process as this engine holds it. Disposing it lets go of everything and ends nothing. */
export class RunningExec implements ExecProcess, Disposable {
  readonly exited: Promise<ExitStatus>;
  /** Resolves when it has ended, or is not watched any more. */
  readonly watched: Promise<void>;
  /** Resolves when `release` is done. */
  readonly released: Promise<void>;
  readonly #released: () => void;
  readonly #context: RuntimeContext;
  readonly #parts: ExecParts;
  #hasExited = false;
  #disposed = false;

  constructor(context: RuntimeContext, parts: ExecParts) {
    this.#context = context;
    this.#parts = parts;
    ({ promise: this.released, resolve: this.#released } = Promise.withResolvers<void>());
    const { promise, resolve } = Promise.withResolvers<ExitStatus>();
    this.exited = promise;
    this.watched = this.#awaitExit().then(resolve, (error: unknown) => {
      if (context.closing.aborted || this.#disposed) return;
      const { execId } = parts.files;
      const fields = { component: 'runtime', execId, error: errorMessage(error) };
      context.logger.error('the exit of an exec cannot be watched', fields);
    });
  }

  get containerId(): string {
    return this.#parts.containerId;
  }

  get pid(): number {
    return this.#parts.pid;
  }

  get output(): ExecOutput {
    return this.#parts.output;
  }

  get stdin(): PipeInput | undefined {
    return this.#parts.input;
  }

  resize(size: TerminalSize): void {
    const { master, files } = this.#parts;
    if (master === undefined) throw new NoTerminalError(`exec ${files.execId}`);
    if (!this.#hasExited && !this.#disposed) setWindowSize(master, size);
  }

  async kill(): Promise<void> {
    const { process } = this.#parts;
    if (this.#hasExited || this.#disposed || process === undefined) return;
    await killTree(process.handle, this.#context.clock);
  }

  async release(): Promise<void> {
    if (this.#disposed) return;
    await removeExecTraces(this.#context, this.#parts.files, this.#parts);
    this[Symbol.dispose]();
    this.#released();
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const { input, output, shim, holder, process } = this.#parts;
    for (const part of [input, output, shim, holder, process]) part?.[Symbol.dispose]();
  }

  async #awaitExit(): Promise<ExitStatus> {
    const { files, process, shim, output, input } = this.#parts;
    const { events, clock, closing } = this.#context;
    const exit = await awaitExit({ files, events, clock, init: process, shim, closing });
    this.#hasExited = true;
    input?.[Symbol.dispose]();
    output.finish();
    const exitCode = failedExecCode(readLog(files.log)) ?? exit.exitCode;
    return { exitCode, outOfMemory: false, at: exit.at };
  }
}

/** crun notices a bad format or a missing interpreter only when the process is there already, and says 1 then. */
function failedExecCode(log: string): number | undefined {
  const reason = /^exec: (.*)$/m.exec(log)?.[1];
  if (reason === undefined) return undefined;
  return reason.includes('No such file') ? 127 : 126;
}
