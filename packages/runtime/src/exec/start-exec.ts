import { constants, mkdirSync, writeFileSync } from 'node:fs';
import { faultPoint } from '@gantry/base';
import {
  ConsoleSocket,
  closeDescriptor,
  isErrno,
  makePipe,
  ProcessHandle,
  type SpawnDescriptor,
  setNonBlocking,
  setWindowSize,
} from '@gantry/kernel';
import type { ExecFiles } from '../container-files.ts';
import type { ExecRequest } from '../container-runtime.ts';
import { AlreadyStartedError } from '../errors.ts';
import { PipeInput } from '../input/pipe-input.ts';
import { awaitStarted, receiveTerminal } from '../lifecycle/await-started.ts';
import { isInCgroup } from '../lifecycle/identity.ts';
import { spawnHolder } from '../lifecycle/process-streams.ts';
import { WatchedProcess } from '../processes/watched-process.ts';
import { execArguments } from '../programs/oci-program.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import { spawnShim } from '../shim/spawn-shim.ts';
import { makeEmptyInput, makePrivateFifo } from '../shim/stdio.ts';
import type { ExecOutput } from './exec-output.ts';
import { writeExecRecord } from './exec-record.ts';
import { execTerminal, openExecPipes } from './exec-streams.ts';
import { removeExecTraces } from './remove-exec.ts';
import { RunningExec } from './running-exec.ts';

/** The container that an exec goes into. */
export interface ExecTarget {
  cgroupPath: string;
  /** What the OCI runtime is run by. */
  prefix: readonly string[];
}

/** Runs a further process in a container. Throws as `ContainerRuntime.exec`. */
export async function startExec(
  context: RuntimeContext,
  request: ExecRequest,
  { cgroupPath, prefix }: ExecTarget,
): Promise<RunningExec> {
  request.signal?.throwIfAborted();
  const files = context.folders.exec(request.execId);
  prepareFiles(context, files, { request, cgroupPath });
  const start = new ExecStart(context, files, { request, prefix });
  try {
    return await start.run(cgroupPath);
  } catch (error) {
    await start.undo();
    throw error;
  }
}

/** The steps of one exec, and what they have made so far. */
class ExecStart {
  readonly #context: RuntimeContext;
  readonly #files: ExecFiles;
  readonly #request: ExecRequest;
  readonly #prefix: readonly string[];
  #shim: WatchedProcess | undefined;
  #holder: WatchedProcess | undefined;
  #output: ExecOutput | undefined;
  #input: PipeInput | undefined;
  #master: number | undefined;

  constructor(
    context: RuntimeContext,
    files: ExecFiles,
    { request, prefix }: { request: ExecRequest; prefix: readonly string[] },
  ) {
    this.#context = context;
    this.#files = files;
    this.#request = request;
    this.#prefix = prefix;
  }

  async run(cgroupPath: string): Promise<RunningExec> {
    const { containerId, terminal } = this.#request;
    const pid = terminal === undefined ? await this.#withPipes() : await this.#withTerminal();
    faultPoint('exec/started');
    return new RunningExec(this.#context, {
      files: this.#files,
      containerId,
      pid,
      shim: this.#shim,
      holder: this.#holder,
      process: WatchedProcess.find(pid, this.#context.poller, isInCgroup(cgroupPath)),
      output: this.#output as ExecOutput,
      input: this.#input,
      master: this.#master,
    });
  }

  async undo(): Promise<void> {
    await removeExecTraces(this.#context, this.#files, { shim: this.#shim, holder: this.#holder });
    for (const made of [this.#input, this.#output, this.#shim, this.#holder]) made?.[Symbol.dispose]();
  }

  async #withPipes(): Promise<number> {
    this.#output = openExecPipes(this.#files, this.#context.poller);
    if (!this.#request.stdin) {
      await this.#spawn({ path: this.#files.nullDevice, flags: constants.O_RDONLY });
      return await this.#started();
    }
    // Nobody keeps it open but this engine: a client that lost it has lost its process's input too.
    const { readEnd, writeEnd } = makePipe();
    setNonBlocking(writeEnd);
    const subject = `exec ${this.#files.execId}`;
    const { poller } = this.#context;
    this.#input = new PipeInput({ subject, descriptor: writeEnd, poller, onEnd: () => {} });
    try {
      await this.#spawn(readEnd);
    } finally {
      closeDescriptor(readEnd);
    }
    return await this.#started();
  }

  async #withTerminal(): Promise<number> {
    const { poller } = this.#context;
    using console = new ConsoleSocket(this.#files.console, poller);
    // The shim opens them, and keeps nothing of the terminal's.
    using _pipes = openExecPipes(this.#files, poller);
    await this.#spawn({ path: this.#files.nullDevice, flags: constants.O_RDONLY });
    const starting = this.#started();
    const master = await receiveTerminal(console, starting);
    await this.#takeTerminal(master);
    return starting;
  }

  async #takeTerminal(master: number): Promise<void> {
    const { poller } = this.#context;
    const { terminal } = this.#request;
    try {
      // crun sets it too, and sometimes after the process has begun.
      if (terminal !== undefined && terminal.rows > 0) setWindowSize(master, terminal);
      this.#holder = await spawnHolder(this.#files, poller, master);
    } catch (error) {
      closeDescriptor(master);
      throw error;
    }
    const { output, input, descriptor } = execTerminal(this.#files, poller, master);
    this.#output = output;
    this.#input = input;
    this.#master = descriptor;
  }

  async #spawn(stdin: SpawnDescriptor): Promise<void> {
    const { folders, poller } = this.#context;
    const files = this.#files;
    const terminal = this.#request.terminal !== undefined;
    const command = execArguments(
      {
        state: folders.state,
        log: files.log,
        pidFile: files.initPid,
        containerId: this.#request.containerId,
        ...(terminal ? { consoleSocket: 'console' } : {}),
      },
      files.process,
    );
    const prefix = this.#prefix;
    const pid = await spawnShim(this.#context, { files, command, prefix, stdin, terminal });
    faultPoint('exec/shim-spawned');
    this.#shim = new WatchedProcess(new ProcessHandle(pid), poller);
  }

  async #started(): Promise<number> {
    const { signal, process, execId } = this.#request;
    const { pid } = await awaitStarted(this.#context, this.#files, {
      shim: this.#shim as WatchedProcess,
      action: 'exec',
      args: process.args,
      subject: execId,
      signal,
    });
    return pid;
  }
}

function prepareFiles(
  { bootId }: RuntimeContext,
  files: ExecFiles,
  { request, cgroupPath }: { request: ExecRequest; cgroupPath: string },
): void {
  const { process, terminal, containerId } = request;
  try {
    mkdirSync(files.directory, { mode: 0o700 });
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw new AlreadyStartedError(files.execId);
    throw error;
  }
  faultPoint('exec/folder-made');
  const hasSize = terminal !== undefined && terminal.rows > 0 && terminal.columns > 0;
  const document = {
    ...process,
    terminal: terminal !== undefined,
    ...(hasSize ? { consoleSize: { height: terminal.rows, width: terminal.columns } } : {}),
  };
  writeFileSync(files.process, JSON.stringify(document), { mode: 0o600 });
  for (const fifo of [files.stdout, files.stderr, files.sleep]) makePrivateFifo(fifo);
  makeEmptyInput(files.nullDevice);
  const isTerminal = terminal !== undefined;
  writeExecRecord(files.record, { version: 1, bootId, containerId, terminal: isTerminal, cgroupPath });
  faultPoint('exec/start-record-written');
}
