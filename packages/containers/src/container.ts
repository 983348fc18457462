import type { ContainerSummary } from '@gantry/api-types';
import { type Clock, type Logger, Semaphore } from '@gantry/base';
import type { ContainerProcess } from '@gantry/runtime';
import { OutputHub } from './attach/output-hub.ts';
import type { Exec } from './exec/exec.ts';
import type { HealthState } from './health/health-state.ts';
import { ExitWaiters } from './lifecycle/exit-waiters.ts';
import { ContainerLog } from './logs/container-log.ts';
import { logSubject } from './logs/settings/log-attributes.ts';
import { planLog } from './logs/settings/log-plan.ts';
import type { ContainerRecord } from './state/container-record.ts';
import type { ContainerState } from './state/container-state.ts';

/** One run of a container: from `runtime.start` until its exit was recorded. */
export interface ContainerRun {
  readonly process: ContainerProcess;
  /** Resolves when all output is in the log and was given to the clients. Never rejects. */
  readonly pumped: Promise<void>;
  /** Resolves when the exit is recorded and told. Never rejects. */
  readonly ended: Promise<void>;
}

/** A container as the engine holds it: its record, and what lives only while the engine does. */
export class Container {
  readonly id: string;
  readonly directory: string;
  readonly log: ContainerLog;
  readonly output: OutputHub;
  readonly waiters: ExitWaiters = new ExitWaiters();
  readonly execs: Map<string, Exec> = new Map();
  /** Replaced whole; written by `ContainerRegistry` only. */
  record: ContainerRecord;
  #run: ContainerRun | undefined;
  readonly #awaitingRun = new Set<(run: ContainerRun) => void>();
  /** The last run's unmounting, planned or under way: over before the next start. Never rejects. */
  releasing: Promise<void> = Promise.resolve();
  /** Present until that unmounting is cancelled; `hurry` ends its grace. */
  plannedUnmount: { cancelled: boolean; hurry: () => void } | undefined;
  /** Readers and writers of its files, besides a run: it stays mounted for them. */
  fileSystemUses = 0;
  /** One commit at a time: the second would read what the first has thawed. */
  readonly commits: Semaphore = new Semaphore(1);
  /** Aborts when the container is removed: whoever uses its files ends. */
  readonly removal: AbortController = new AbortController();
  /** Present while a restart is planned; aborting it cancels the restart. */
  plannedRestart: AbortController | undefined;
  /** Undefined before the first run of a container with a health check, and for any other; written by `HealthStore`. */
  health: HealthState | undefined;
  /** Present while health is watched; aborting it ends that. */
  healthWatch: AbortController | undefined;
  /** What a list shows of the record, kept for the next list: it is true as long as that is the container's record. */
  listed: { record: ContainerRecord; summary: ContainerSummary } | undefined;
  /** Wait before the next restart by policy; 0 before the first. */
  restartDelayMs = 0;

  constructor(record: ContainerRecord, options: { directory: string; clock: Clock; logger: Logger }) {
    this.id = record.id;
    this.record = record;
    this.directory = options.directory;
    this.log = new ContainerLog({
      containerId: record.id,
      directory: options.directory,
      plan: () => planLog(this.record.hostConfig.LogConfig, logSubject(this.record)),
      clock: options.clock,
      logger: options.logger,
    });
    this.output = new OutputHub({ containerId: record.id, clock: options.clock });
  }

  /** The run that was started and whose exit is not recorded yet. */
  get run(): ContainerRun | undefined {
    return this.#run;
  }

  beginRun(run: ContainerRun): void {
    this.#run = run;
    for (const resolve of this.#awaitingRun) resolve(run);
    this.#awaitingRun.clear();
  }

  endRun(): void {
    this.#run = undefined;
  }

  /** The current run, or the next one; undefined when `signal` aborts first. */
  nextRun(signal: AbortSignal): Promise<ContainerRun | undefined> {
    if (this.#run !== undefined || signal.aborted) return Promise.resolve(this.#run);
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#awaitingRun.delete(begin);
        resolve(undefined);
      };
      const begin = (run: ContainerRun): void => {
        signal.removeEventListener('abort', leave);
        resolve(run);
      };
      this.#awaitingRun.add(begin);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  get name(): string {
    return this.record.name;
  }

  get state(): ContainerState {
    return this.record.state;
  }

  get terminal(): boolean {
    return this.record.config.Tty === true;
  }
}
