import { constants, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import {
  ConsoleSocket,
  closeDescriptor,
  duplicateDescriptor,
  isErrno,
  makePipe,
  ProcessHandle,
  resizePipe,
  type SpawnDescriptor,
  setNonBlocking,
  setWindowSize,
  spawnProcess,
} from '@gantry/kernel';
import type { ExecFiles } from '../container-files.ts';
import type { ExecRequest } from '../container-runtime.ts';
import { AlreadyStartedError } from '../errors.ts';
import { PipeInput } from '../input/pipe-input.ts';
import { readLog, receiveTerminal } from '../lifecycle/await-started.ts';
import { removeFolder } from '../lifecycle/remove-traces.ts';
import { readPidFile } from '../processes/number-files.ts';
import { WatchedProcess } from '../processes/watched-process.ts';
import { execArguments, programEnvironment } from '../programs/oci-program.ts';
import { startFailure } from '../programs/start-failure.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import { makeEmptyInput } from '../shim/stdio.ts';
import { ExecOutput } from './exec-output.ts';
import { RunningExec } from './running-exec.ts';

/** Runs a further process in a container; `isOurs` says whether a pid is in it. Throws as `ContainerRuntime.exec`. */
export async function startExec(
  context: RuntimeContext,
  request: ExecRequest,
  isOurs: (pid: number) => boolean,
): Promise<RunningExec> {
  request.signal?.throwIfAborted();
  const files = context.folders.exec(request.execId);
  prepareFiles(files, request);
  const start = new ExecStart(context, files, request);
  try {
    return await start.run(isOurs);
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
  /** Ends that the child gets: closed here once it has them. */
  readonly #childEnds: number[] = [];
  #keeper: WatchedProcess | undefined;
  #output: ExecOutput | undefined;
  #input: PipeInput | undefined;
  #master: number | undefined;

  constructor(context: RuntimeContext, files: ExecFiles, request: ExecRequest) {
    this.#context = context;
    this.#files = files;
    this.#request = request;
  }

  async run(isOurs: (pid: number) => boolean): Promise<RunningExec> {
    const pid = this.#request.terminal === undefined ? await this.#withPipes() : await this.#withTerminal();
    return new RunningExec(this.#context, {
      files: this.#files,
      pid,
      keeper: this.#keeper as WatchedProcess,
      process: WatchedProcess.find(pid, this.#context.poller, isOurs),
      output: this.#output as ExecOutput,
      input: this.#input,
      master: this.#master,
    });
  }

  async undo(): Promise<void> {
    for (const end of this.#childEnds.splice(0)) closeDescriptor(end);
    await this.#keeper?.kill();
    for (const made of [this.#input, this.#output, this.#keeper]) made?.[Symbol.dispose]();
    rmSync(this.#files.pid, { force: true });
    removeFolder(this.#files.directory);
  }

  async #withPipes(): Promise<number> {
    const { poller } = this.#context;
    const stdin = this.#request.stdin ? this.#inputPipe() : this.#emptyInput();
    const stdout = this.#outputPipe();
    const stderr = this.#outputPipe();
    this.#output = new ExecOutput(
      [
        { stream: 'stdout', descriptor: stdout.ours },
        { stream: 'stderr', descriptor: stderr.ours },
      ],
      poller,
    );
    await this.#spawn([stdin, stdout.childs, stderr.childs]);
    return await this.#started();
  }

  async #withTerminal(): Promise<number> {
    const { poller } = this.#context;
    using console = new ConsoleSocket(this.#files.console, poller);
    const nothing = { path: this.#files.nullDevice, flags: constants.O_RDWR };
    await this.#spawn([nothing, nothing, nothing]);
    const starting = this.#started();
    const master = await receiveTerminal(console, starting);
    setNonBlocking(master);
    this.#output = new ExecOutput([{ stream: 'stdout', descriptor: master }], poller);
    // A descriptor of its own: the poller watches each for one interest, and output closes the other at its end.
    this.#master = duplicateDescriptor(master);
    this.#input = new PipeInput({ subject: `exec ${this.#files.execId}`, descriptor: this.#master, poller });
    const { terminal } = this.#request;
    if (terminal !== undefined && terminal.rows > 0) setWindowSize(master, terminal);
    return starting;
  }

  #emptyInput(): SpawnDescriptor {
    return { path: this.#files.nullDevice, flags: constants.O_RDONLY };
  }

  #inputPipe(): SpawnDescriptor {
    const { readEnd, writeEnd } = makePipe();
    this.#childEnds.push(readEnd);
    setNonBlocking(writeEnd);
    this.#input = new PipeInput({
      subject: `exec ${this.#files.execId}`,
      descriptor: writeEnd,
      poller: this.#context.poller,
      onEnd: () => {},
    });
    return readEnd;
  }

  #outputPipe(): { ours: number; childs: number } {
    const { readEnd, writeEnd } = makePipe();
    this.#childEnds.push(writeEnd);
    setNonBlocking(readEnd);
    resizePipe(readEnd, pipeBytes);
    return { ours: readEnd, childs: writeEnd };
  }

  async #spawn(stdio: readonly [SpawnDescriptor, SpawnDescriptor, SpawnDescriptor]): Promise<void> {
    const { program, sealedProgram, folders, poller } = this.#context;
    const { directory, log, pid } = this.#files;
    const command = {
      state: folders.state,
      log,
      pidFile: pid,
      containerId: this.#request.containerId,
      ...(this.#request.terminal ? { consoleSocket: 'console' } : {}),
    };
    const { file, descriptor } = sealedProgram.asDescriptor(stdio.length);
    const child = await spawnProcess({
      file,
      args: [...(program.args ?? []), ...execArguments(command, this.#files.process)],
      env: programEnvironment,
      directory,
      descriptors: descriptor === undefined ? stdio : [...stdio, descriptor],
    });
    for (const end of this.#childEnds.splice(0)) closeDescriptor(end);
    this.#keeper = new WatchedProcess(new ProcessHandle(child), poller);
  }

  /** Resolves with the pid. Throws `StartFailedError` when the OCI runtime ended without one. */
  async #started(): Promise<number> {
    const { signal, process, execId } = this.#request;
    const keeper = this.#keeper as WatchedProcess;
    let wake = Promise.withResolvers<void>();
    const onAbort = (): void => wake.resolve();
    signal?.addEventListener('abort', onAbort, { once: true });
    using _subscription = this.#context.events.subscribe(this.#files.eventName, () => wake.resolve());
    try {
      for (;;) {
        wake = Promise.withResolvers();
        signal?.throwIfAborted();
        const isOver = !keeper.isAlive;
        const pid = readPidFile(this.#files.pid);
        if (pid !== undefined) return pid;
        if (isOver) {
          const said = { action: 'exec' as const, args: process.args, subject: execId };
          throw startFailure(readLog(this.#files.log), this.#context.program.name, said);
        }
        await Promise.race([wake.promise, keeper.died]);
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

const pipeBytes = 256 << 10;

function prepareFiles(files: ExecFiles, { process, terminal }: ExecRequest): void {
  try {
    mkdirSync(files.directory, { mode: 0o700 });
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw new AlreadyStartedError(files.execId);
    throw error;
  }
  const hasSize = terminal !== undefined && terminal.rows > 0 && terminal.columns > 0;
  const document = {
    ...process,
    terminal: terminal !== undefined,
    ...(hasSize ? { consoleSize: { height: terminal.rows, width: terminal.columns } } : {}),
  };
  writeFileSync(files.process, JSON.stringify(document), { mode: 0o600 });
  makeEmptyInput(files.nullDevice);
}
