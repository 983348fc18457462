import { EngineError } from '@gantry/base';
import type { CgroupLimits, CgroupUsage, CgroupUsageReader } from '@gantry/kernel';
import type {
  ContainerProcess,
  ContainerRuntime,
  ExecProcess,
  ExecRequest,
  StartRequest,
  TerminalSize,
} from '@gantry/runtime';
import { FakeProcess } from './fake-process.ts';

class FakeStartError extends EngineError {
  override readonly name = 'FakeStartError';
  readonly exitCode: number;
  constructor(command: string) {
    const [exitCode, fact] =
      command === '/etc/passwd' ? [126, 'permission denied'] : [127, 'executable file not found in $PATH'];
    super('invalid', 'start-failed', `exec: "${command}": ${fact}: unknown`);
    this.exitCode = exitCode;
  }
}

class FakeGoneError extends EngineError {
  override readonly name = 'FakeGoneError';
  constructor(containerId: string) {
    super('not-found', 'process-gone', `container ${containerId}: its process has ended`);
  }
}

/**
 * A runtime that starts nothing. It outlives the engine that uses it, as real containers do: give it to the next one. A
 * command called `missing` is not found; `true`, `false` and `echo` do what they say; any other waits for the test.
 */
export class FakeRuntime implements ContainerRuntime {
  readonly name = 'fake';
  readonly requests: StartRequest[] = [];
  readonly execRequests: ExecRequest[] = [];
  readonly updates: CgroupLimits[] = [];
  /** What the next updates fail with. */
  readonly refusals: Error[] = [];
  /** What containers use, by id. */
  readonly usages: Map<string, CgroupUsage> = new Map();
  readonly execs: Map<string, FakeProcess> = new Map();
  readonly #processes = new Map<string, FakeProcess>();
  readonly #paused = new Set<string>();
  readonly #delayed = new Map<string, number[]>();
  #nextPid = 1000;
  #watchers: (() => void)[] = [];

  offers(name: string): boolean {
    return name === this.name;
  }

  start(request: StartRequest): Promise<ContainerProcess> {
    return Promise.try(() => {
      const { args } = request.spec.process;
      this.requests.push(request);
      const process = this.#launch(args, request.stdin, request.terminal);
      this.#processes.set(request.containerId, process);
      for (const watcher of this.#watchers.splice(0)) watcher();
      return process;
    });
  }

  /** The process of a container that was started and not removed. */
  process(containerId: string): FakeProcess {
    const process = this.#processes.get(containerId);
    if (process === undefined) throw new Error(`no process of ${containerId}`);
    return process;
  }

  /** Resolves at the next start. */
  started(): Promise<void> {
    return new Promise((resolve) => this.#watchers.push(resolve));
  }

  adopt(containerId: string): Promise<ContainerProcess | undefined> {
    return Promise.resolve(this.#processes.get(containerId));
  }

  exec(request: ExecRequest): Promise<ExecProcess> {
    return Promise.try(() => {
      this.execRequests.push(request);
      const process = this.#launch(request.process.args, request.stdin, request.terminal);
      this.execs.set(request.execId, process);
      return execOf(process);
    });
  }

  adoptExec(execId: string): Promise<ExecProcess | undefined> {
    const process = this.execs.get(execId);
    return Promise.resolve(process === undefined ? undefined : execOf(process));
  }

  removeExec(execId: string): Promise<void> {
    this.execs.get(execId)?.end(137);
    this.execs.delete(execId);
    return Promise.resolve();
  }

  listExecs(): string[] {
    return [...this.execs.keys()];
  }

  kill(containerId: string, signal: number): void {
    const process = this.#processes.get(containerId);
    if (process === undefined || process.hasEnded) throw new FakeGoneError(containerId);
    if (this.#paused.has(containerId)) this.#delayed.set(containerId, [signal]);
    else process.signal(signal);
  }

  expectStart(): void {}

  pause(containerId: string): Promise<void> {
    this.#paused.add(containerId);
    return Promise.resolve();
  }

  resume(containerId: string): Promise<void> {
    this.#paused.delete(containerId);
    for (const signal of this.#delayed.get(containerId) ?? []) this.process(containerId).signal(signal);
    this.#delayed.delete(containerId);
    return Promise.resolve();
  }

  isPaused(containerId: string): boolean {
    return this.#paused.has(containerId);
  }

  update(containerId: string, limits: CgroupLimits): Promise<void> {
    return Promise.try(() => {
      if (this.process(containerId).hasEnded) throw new FakeGoneError(containerId);
      this.updates.push(limits);
      const refusal = this.refusals.shift();
      if (refusal !== undefined) throw refusal;
    });
  }

  usage(containerId: string): CgroupUsageReader {
    const process = this.process(containerId);
    return {
      read: () => (process.hasEnded ? undefined : this.usages.get(containerId)),
      [Symbol.dispose]: () => {},
    };
  }

  processIds(containerId: string): number[] {
    return [this.process(containerId).pid];
  }

  remove(containerId: string): Promise<void> {
    this.#processes.get(containerId)?.end(137);
    this.#processes.delete(containerId);
    this.#paused.delete(containerId);
    return Promise.resolve();
  }

  list(): string[] {
    return [...this.#processes.keys()];
  }

  #launch(args: readonly string[], stdin: boolean, size: TerminalSize | undefined): FakeProcess {
    const [command = '', ...words] = args;
    if (command === 'missing' || command === '/etc/passwd') throw new FakeStartError(command);
    const process = new FakeProcess((this.#nextPid += 1), args, { stdin, size });
    if (command === 'echo') process.print(`${words.join(' ')}\n`);
    if (command === 'true' || command === 'echo') process.end(0);
    if (command === 'false') process.end(1);
    return process;
  }
}

function execOf(process: FakeProcess): ExecProcess {
  return {
    pid: process.pid,
    output: process.output.read({ stdout: 0, stderr: 0 }),
    stdin: process.stdin,
    exited: process.exited,
    resize: (size: TerminalSize) => process.resize(size),
    kill: async () => process.signal(9),
    release: () => Promise.resolve(),
  };
}
