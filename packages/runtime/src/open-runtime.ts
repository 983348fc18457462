import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type Clock, KeyedLock, type Logger, silentLogger, systemClock } from '@gantry/base';
import {
  type CgroupLimits,
  type CgroupUsageReader,
  cgroupProcessIds,
  detectCgroups,
  ExpectedMigrations,
  freezeCgroup,
  isCgroupFrozen,
  ReadinessPoller,
  type RealtimeShare,
  readCgroupUsage,
  thawCgroup,
} from '@gantry/kernel';
import { type CgroupDriver, innerCgroupPath } from './cgroups/cgroup-place.ts';
import { updateContainer } from './cgroups/update-container.ts';
import { RuntimeFolders } from './container-files.ts';
import type {
  ContainerProcess,
  ContainerRuntime,
  ExecProcess,
  ExecRequest,
  StartRequest,
} from './container-runtime.ts';
import {
  ContainerPausedError,
  ProcessGoneError,
  StartFailedError,
  TerminalNeedsCrunError,
} from './errors.ts';
import { EventFolder } from './events/event-folder.ts';
import { adoptExec } from './exec/adopt-exec.ts';
import { removeLostExec } from './exec/remove-exec.ts';
import type { RunningExec } from './exec/running-exec.ts';
import { startExec } from './exec/start-exec.ts';
import { keepAlive } from './keep-alive.ts';
import { adoptContainer } from './lifecycle/adopt-container.ts';
import { removeLeftFolders, removeTraces } from './lifecycle/remove-traces.ts';
import type { RunningProcess } from './lifecycle/running-process.ts';
import { startContainer } from './lifecycle/start-container.ts';
import { currentBootId, readStartRecord } from './lifecycle/start-record.ts';
import { findProgram } from './programs/oci-program.ts';
import { oomScoreCommand } from './programs/oom-score.ts';
import { SealedProgram } from './programs/sealed-program.ts';
import { SeccompFilters } from './programs/seccomp-filters.ts';
import { joinTimeNamespaceCommand } from './programs/time-namespace.ts';
import type { RuntimeContext } from './runtime-context.ts';

export interface OpenRuntimeOptions {
  /** Absolute; made when missing. A tmpfs is best: what is here means nothing after a reboot. One engine at a time. */
  execRoot: string;
  /** `crun`, `runc` or an absolute path; without it whichever is installed, crun first. */
  name?: string;
  /** `cgroupfs` when missing. */
  cgroupDriver?: CgroupDriver;
  /** CPU time for real-time processes that the cgroups above containers' have; as they are when missing. v1 alone. */
  realtime?: RealtimeShare | undefined;
  /** Given to the program before everything else. */
  args?: readonly string[];
  clock?: Clock;
  logger?: Logger;
}

/**
 * Opens the runtime of one engine. Disposing it lets go of all containers and ends none. While a container runs, or its
 * output is waited for, an open runtime keeps this process from ending by itself. Throws `RuntimeNotFoundError`.
 */
export function openRuntime(options: OpenRuntimeOptions): ContainerRuntime & Disposable {
  const program = { ...findProgram(options.name), args: options.args ?? [] };
  const folders = new RuntimeFolders(options.execRoot, program.name);
  // Users of containers' own come through to `roots`.
  for (const folder of [options.execRoot, folders.roots]) mkdirSync(folder, { recursive: true, mode: 0o711 });
  for (const folder of [folders.containers, folders.events, folders.execs, folders.state]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  removeLeftFolders(folders.containers);
  removeLeftFolders(folders.execs);
  const logger = options.logger ?? silentLogger;
  const clock = options.clock ?? systemClock;
  const closing = new AbortController();
  const cgroups = detectCgroups();
  const poller = new ReadinessPoller();
  const context: RuntimeContext = {
    program,
    sealedProgram: new SealedProgram({
      program,
      folder: path.join(options.execRoot, 'programs'),
      poller,
      logger,
      closing: closing.signal,
    }),
    seccompFilters: new SeccompFilters({
      program,
      cgroups,
      workFolder: path.join(options.execRoot, 'seccomp-filter'),
      clock,
      logger,
      closing: closing.signal,
    }),
    folders,
    events: new EventFolder(folders.events, logger),
    poller,
    cgroups,
    migrations: new ExpectedMigrations(cgroups),
    cgroupDriver: options.cgroupDriver ?? 'cgroupfs',
    realtime: options.realtime,
    bootId: currentBootId(),
    clock,
    logger,
    closing: closing.signal,
  };
  return new OciRuntime(context, closing);
}

/** `ContainerRuntime` over an OCI runtime program. Starts, adoptions and removals of one container follow one another. */
class OciRuntime implements ContainerRuntime, Disposable {
  readonly name: string;
  readonly #context: RuntimeContext;
  readonly #closing: AbortController;
  readonly #processes = new Map<string, RunningProcess>();
  readonly #execs = new Map<string, RunningExec>();
  readonly #locks = new KeyedLock();

  constructor(context: RuntimeContext, closing: AbortController) {
    this.name = context.program.name;
    this.#context = context;
    this.#closing = closing;
  }

  offers(name: string): boolean {
    return name === this.name;
  }

  expectStart(): void {
    this.#context.migrations.expect();
  }

  async start(request: StartRequest): Promise<ContainerProcess> {
    this.#checkTerminal(request);
    using _alive = keepAlive();
    return await this.#locks.run(
      request.containerId,
      async () => this.#keep(request.containerId, await startContainer(this.#context, request)),
      request.signal,
    );
  }

  async adopt(containerId: string): Promise<ContainerProcess | undefined> {
    using _alive = keepAlive();
    return await this.#locks.run(containerId, async () => {
      const known = this.#processes.get(containerId);
      if (known !== undefined) return known;
      const process = await adoptContainer(this.#context, containerId);
      return process === undefined ? undefined : this.#keep(containerId, process);
    });
  }

  async exec(request: ExecRequest): Promise<ExecProcess> {
    const { containerId } = request;
    this.#checkTerminal(request);
    this.expectStart();
    const container = this.#process(containerId);
    if (!container.isAlive) throw new ProcessGoneError(containerId);
    if (this.isPaused(containerId)) throw new ContainerPausedError(containerId);
    using _alive = keepAlive();
    const { record, pid } = container.parts;
    const prefix = [
      ...oomScoreCommand(request.process.oomScoreAdj),
      ...(record.hasOwnTime === true ? joinTimeNamespaceCommand(pid) : []),
    ];
    try {
      const exec = await startExec(this.#context, request, { cgroupPath: record.cgroupPath, prefix });
      return this.#keepExec(request.execId, exec);
    } catch (error) {
      // It ended meanwhile: the OCI runtime only misses files of its own.
      throw error instanceof StartFailedError && !container.isAlive
        ? new ProcessGoneError(containerId)
        : error;
    }
  }

  async adoptExec(execId: string): Promise<ExecProcess | undefined> {
    const known = this.#execs.get(execId);
    if (known !== undefined) return known;
    const exec = await adoptExec(this.#context, execId);
    return exec === undefined ? undefined : this.#keepExec(execId, exec);
  }

  async removeExec(execId: string): Promise<void> {
    const known = this.#execs.get(execId);
    await known?.kill();
    if (known !== undefined) await known.release();
    else await removeLostExec(this.#context, this.#context.folders.exec(execId));
  }

  listExecs(): string[] {
    return readdirSync(this.#context.folders.execs).filter((name) => !name.startsWith('.'));
  }

  kill(containerId: string, signal: number): void {
    if (!this.#process(containerId).signal(signal)) throw new ProcessGoneError(containerId);
  }

  async pause(containerId: string): Promise<void> {
    using _alive = keepAlive();
    await freezeCgroup(this.#context.cgroups, this.#cgroupPath(containerId), this.#context.clock);
  }

  async resume(containerId: string): Promise<void> {
    thawCgroup(this.#context.cgroups, this.#cgroupPath(containerId));
  }

  isPaused(containerId: string): boolean {
    const record = this.#record(containerId);
    return record !== undefined && isCgroupFrozen(this.#context.cgroups, record.cgroupPath);
  }

  async update(containerId: string, limits: CgroupLimits): Promise<void> {
    const process = this.#process(containerId);
    if (!process.isAlive) throw new ProcessGoneError(containerId);
    using _alive = keepAlive();
    await updateContainer(this.#context, process, limits);
  }

  usage(containerId: string): CgroupUsageReader {
    const record = this.#record(containerId);
    if (record === undefined) throw new ProcessGoneError(containerId);
    return readCgroupUsage(this.#context.cgroups, innerCgroupPath(this.#context, record));
  }

  processIds(containerId: string): number[] {
    return cgroupProcessIds(this.#context.cgroups, this.#cgroupPath(containerId));
  }

  async remove(containerId: string): Promise<void> {
    using _alive = keepAlive();
    await this.#locks.run(containerId, async () => {
      const known = this.#processes.get(containerId);
      const execs = [...this.#execs.values()].filter((exec) => exec.containerId === containerId);
      await removeTraces(this.#context, this.#context.folders.container(containerId), known?.parts);
      known?.[Symbol.dispose]();
      this.#processes.delete(containerId);
      for (const exec of execs) await exec.watched.then(() => exec.release());
    });
  }

  list(): string[] {
    return readdirSync(this.#context.folders.containers).filter((name) => !name.startsWith('.'));
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new Error('the runtime was closed'));
    for (const process of this.#processes.values()) process[Symbol.dispose]();
    this.#processes.clear();
    for (const exec of this.#execs.values()) exec[Symbol.dispose]();
    this.#execs.clear();
    this.#context.sealedProgram[Symbol.dispose]();
    this.#context.migrations[Symbol.dispose]();
    this.#context.events[Symbol.dispose]();
    this.#context.poller[Symbol.dispose]();
  }

  #checkTerminal({ terminal }: Pick<StartRequest, 'terminal'>): void {
    if (terminal !== undefined && this.name === 'runc') throw new TerminalNeedsCrunError(this.name);
  }

  /** Known until its process has ended and it was released, or its container is removed. */
  #keepExec(execId: string, exec: RunningExec): RunningExec {
    this.#execs.set(execId, exec);
    void exec.released.then(() => this.#execs.delete(execId));
    return exec;
  }

  #keep(containerId: string, process: RunningProcess): RunningProcess {
    this.#processes.set(containerId, process);
    return process;
  }

  #process(containerId: string): RunningProcess {
    const process = this.#processes.get(containerId);
    if (process === undefined) throw new ProcessGoneError(containerId);
    return process;
  }

  #record(containerId: string): ReturnType<typeof readStartRecord> {
    const known = this.#processes.get(containerId);
    return known?.parts.record ?? readStartRecord(this.#context.folders.container(containerId).record);
  }

  #cgroupPath(containerId: string): string {
    const record = this.#record(containerId);
    if (record === undefined) throw new ProcessGoneError(containerId);
    return record.cgroupPath;
  }
}
