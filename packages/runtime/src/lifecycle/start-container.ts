import { closeSync, constants } from 'node:fs';
import path from 'node:path';
import { faultPoint } from '@gantry/base';
import {
  ConsoleSocket,
  closeDescriptor,
  type EventCounter,
  grantRealtime,
  ProcessHandle,
  type SpawnDescriptor,
  setWindowSize,
} from '@gantry/kernel';
import type { ContainerFiles } from '../container-files.ts';
import type { StartRequest } from '../container-runtime.ts';
import { makeMemoryCounter, watchMemory } from '../memory/watch-memory.ts';
import { WatchedProcess } from '../processes/watched-process.ts';
import { runArguments } from '../programs/oci-program.ts';
import { oomScoreCommand } from '../programs/oom-score.ts';
import { timeNamespaceCommand } from '../programs/time-namespace.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import { spawnShim } from '../shim/spawn-shim.ts';
import { openFifoReader } from '../shim/stdio.ts';
import { awaitStarted, receiveTerminal } from './await-started.ts';
import { isInCgroup } from './identity.ts';
import { prepareFiles } from './prepare-files.ts';
import {
  closeStreams,
  openInputFifo,
  openOutputFifos,
  openTerminal,
  spawnHolder,
} from './process-streams.ts';
import { placeRoot } from './reachable-root.ts';
import { removeTraces } from './remove-traces.ts';
import { type ProcessStreams, RunningProcess } from './running-process.ts';
import type { StartRecord } from './start-record.ts';

/** Starts a container; on failure everything it made is gone. Throws as `ContainerRuntime.start`. */
export async function startContainer(
  context: RuntimeContext,
  request: StartRequest,
): Promise<RunningProcess> {
  const files = context.folders.container(request.containerId);
  await context.seccompFilters.prepare(request.spec);
  request.signal?.throwIfAborted();
  const record = prepareFiles(context, files, request);
  const start = new Start(context, files, record);
  try {
    return await start.run(request);
  } catch (error) {
    await start.undo();
    throw error;
  }
}

/** The steps of one start, and what they have made so far. */
class Start {
  readonly #context: RuntimeContext;
  readonly #files: ContainerFiles;
  readonly #record: StartRecord;
  /** What the OCI runtime is run by. */
  #prefix: readonly string[] = [];
  #counter: EventCounter | undefined;
  #streams: ProcessStreams | undefined;
  #shim: WatchedProcess | undefined;
  #holder: WatchedProcess | undefined;

  constructor(context: RuntimeContext, files: ContainerFiles, record: StartRecord) {
    this.#context = context;
    this.#files = files;
    this.#record = record;
  }

  async run(request: StartRequest): Promise<RunningProcess> {
    const { realtime, cgroups } = this.#context;
    if (realtime !== undefined) grantRealtime(cgroups, path.posix.dirname(this.#record.cgroupPath), realtime);
    await using _root = await placeRoot(this.#context.folders, request.containerId, request.spec);
    this.#prefix = [
      ...oomScoreCommand(request.spec.process.oomScoreAdj),
      ...timeNamespaceCommand(request.spec),
    ];
    this.#counter = makeMemoryCounter(this.#context, this.#record);
    const at = this.#record.terminal
      ? await this.#startWithTerminal(request)
      : await this.#startWithPipes(request);
    const init = WatchedProcess.find(at.pid, this.#context.poller, isInCgroup(this.#record.cgroupPath));
    return new RunningProcess(this.#context, {
      files: this.#files,
      record: this.#record,
      pid: at.pid,
      startedAt: at.at,
      init,
      shim: this.#shim,
      holder: this.#holder,
      streams: this.#streams as ProcessStreams,
      memory: watchMemory(this.#context, this.#record, this.#counter),
    });
  }

  /** Ends what was started and removes what was made. */
  async undo(): Promise<void> {
    try {
      await removeTraces(this.#context, this.#files, { shim: this.#shim, holder: this.#holder });
    } finally {
      closeStreams(this.#streams);
      for (const made of [this.#counter, this.#shim, this.#holder]) made?.[Symbol.dispose]();
    }
  }

  async #startWithPipes(request: StartRequest): Promise<Started> {
    const files = this.#files;
    this.#streams = openOutputFifos(files);
    if (!this.#record.stdin) {
      await this.#spawnShim({ path: files.nullDevice, flags: constants.O_RDONLY });
      return await this.#started(request);
    }
    // A FIFO opens for writing only where somebody reads: that is us, until the shim does.
    const guard = openFifoReader(files.stdin);
    try {
      this.#holder = await spawnHolder(files, this.#context.poller, {
        path: files.stdin,
        flags: constants.O_WRONLY,
      });
      faultPoint('start/holder-spawned');
      this.#streams.input = openInputFifo(files, this.#context.poller, this.#holder);
      await this.#spawnShim({ path: files.stdin, flags: constants.O_RDONLY });
    } finally {
      closeSync(guard);
    }
    return await this.#started(request);
  }

  async #startWithTerminal(request: StartRequest): Promise<Started> {
    const { poller } = this.#context;
    using console = new ConsoleSocket(this.#files.console, poller);
    await this.#spawnShim({ path: this.#files.nullDevice, flags: constants.O_RDONLY });
    const starting = this.#started(request);
    const master = await receiveTerminal(console, starting);
    try {
      this.#holder = await spawnHolder(this.#files, poller, master);
    } catch (error) {
      closeDescriptor(master);
      throw error;
    }
    this.#streams = openTerminal(this.#files, poller, master);
    if (request.terminal !== undefined) setWindowSize(master, request.terminal);
    return starting;
  }

  async #spawnShim(stdin: SpawnDescriptor): Promise<void> {
    const { folders, poller, cgroupDriver } = this.#context;
    const files = this.#files;
    const { terminal } = this.#record;
    const { log, initPid, containerId } = files;
    const command = runArguments(
      {
        state: folders.state,
        log,
        pidFile: initPid,
        containerId,
        systemdCgroup: cgroupDriver === 'systemd',
        ...(terminal ? { consoleSocket: 'console' } : {}),
      },
      files.directory,
    );
    const counter = this.#counter?.descriptor;
    const prefix = this.#prefix;
    const pid = await spawnShim(this.#context, { files, command, prefix, stdin, terminal, counter });
    faultPoint('start/shim-spawned');
    this.#shim = new WatchedProcess(new ProcessHandle(pid), poller);
  }

  async #started(request: StartRequest): Promise<Started> {
    return awaitStarted(this.#context, this.#files, {
      shim: this.#shim as WatchedProcess,
      action: 'create',
      args: request.spec.process.args,
      subject: this.#files.containerId,
      signal: request.signal,
    });
  }
}

interface Started {
  pid: number;
  at: Date;
}
