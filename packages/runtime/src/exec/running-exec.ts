import { rmSync } from 'node:fs';
import { setWindowSize } from '@gantry/kernel';
import type { ExecFiles } from '../container-files.ts';
import type { ExecProcess, ExitStatus, TerminalSize } from '../container-runtime.ts';
import { NoTerminalError } from '../errors.ts';
import type { PipeInput } from '../input/pipe-input.ts';
import { readLog } from '../lifecycle/await-started.ts';
import { removeFolder } from '../lifecycle/remove-traces.ts';
import { descendants, killIfSame } from '../processes/process-tree.ts';
import type { WatchedProcess } from '../processes/watched-process.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import type { ExecOutput } from './exec-output.ts';

export interface ExecParts {
  files: ExecFiles;
  pid: number;
  /** The OCI runtime, our child: its exit code is the process's. */
  keeper: WatchedProcess;
  /** The process itself; undefined when it was dead already. */
  process: WatchedProcess | undefined;
  output: ExecOutput;
  input: PipeInput | undefined;
  /** Of the terminal; owned by `input`. */
  master: number | undefined;
}

/** An exec'd process as this engine holds it. */
export class RunningExec implements ExecProcess, Disposable {
  readonly exited: Promise<ExitStatus>;
  readonly #parts: ExecParts;
  #over = false;

  constructor(context: RuntimeContext, parts: ExecParts) {
    this.#parts = parts;
    this.exited = this.#awaitExit(context);
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
    if (!this.#over) setWindowSize(master, size);
  }

  kill(): void {
    const { process } = this.#parts;
    if (this.#over || process === undefined) return;
    // Asked before it dies: then they are init's.
    const started = descendants(process.pid);
    process.handle.signal(signalKill);
    for (const pid of started) killIfSame(pid);
  }

  /** Lets go of it; it runs on. */
  [Symbol.dispose](): void {
    if (this.#over) return;
    this.#over = true;
    const { input, output, keeper, process } = this.#parts;
    for (const part of [input, output, keeper, process]) part?.[Symbol.dispose]();
  }

  async #awaitExit({ clock }: RuntimeContext): Promise<ExitStatus> {
    const { files, keeper, process, output, input } = this.#parts;
    const status = await keeper.died;
    // The OCI runtime was killed: the process lives on, and the kernel knows its code later.
    const wasKilled = status?.signal !== undefined;
    if (wasKilled) await process?.died;
    const orphan = wasKilled ? process?.handle.exitStatus() : undefined;
    const exitCode =
      failedExecCode(readLog(files.log)) ?? orphan?.exitCode ?? status?.exitCode ?? unknownExitCode;
    this.#over = true;
    input?.[Symbol.dispose]();
    output.finish();
    for (const part of [keeper, process]) part?.[Symbol.dispose]();
    rmSync(files.pid, { force: true });
    removeFolder(files.directory);
    return { exitCode, outOfMemory: false, at: clock.now() };
  }
}

const unknownExitCode = 137;
const signalKill = 9;

/** crun notices a bad format or a missing interpreter only when the process is there already, and says 1 then. */
function failedExecCode(log: string): number | undefined {
  const reason = /^exec: (.*)$/m.exec(log)?.[1];
  if (reason === undefined) return undefined;
  return reason.includes('No such file') ? 127 : 126;
}
