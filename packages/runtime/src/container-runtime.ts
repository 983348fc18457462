import type { CgroupLimits, CgroupUsageReader } from '@gantry/kernel';
import type { RuntimeSpec } from '@gantry/oci';

/**
 * Runs containers through an OCI runtime so that they outlive this process: whatever happens to the engine, no output
 * is lost or doubled, no exit code is lost, and the container notices nothing but a full pipe.
 *
 * The life of a process: `start` → output is consumed and released → `exited` resolves → the last output is
 * released → `remove`. After a restart of the engine, `adopt` gives the same process back at any of these points.
 */
export interface ContainerRuntime {
  /** `crun`, `runc`, as `docker info` names it. */
  readonly name: string;

  /** Whether a container may ask for a runtime by that name (`StartRequest.runtime`). */
  offers(name: string): boolean;

  /** A start or an exec will come in a few milliseconds: has the kernel get ready for it meanwhile. Changes nothing. */
  expectStart(): void;

  /**
   * Starts the container's init. Resolves when it is running, just before its execve. Throws `StartFailedError` with
   * `exitCode` 126 (not executable), 127 (not found) or 128 and Docker's message; everything is cleaned up then.
   */
  start(request: StartRequest): Promise<ContainerProcess>;

  /**
   * Takes back a container that this or an earlier process started: running, or ended and not yet removed. Undefined
   * when nothing was started (a start that was half done is undone first).
   */
  adopt(containerId: string): Promise<ContainerProcess | undefined>;

  /** Runs a further process in a running container. Throws `StartFailedError` as `start` does. */
  exec(request: ExecRequest): Promise<ExecProcess>;

  /**
   * Takes back an exec that this or an earlier process started: running, or ended and not yet released. Undefined when
   * nothing was started, or nothing is known of it (then what is left of it is removed).
   */
  adoptExec(execId: string): Promise<ExecProcess | undefined>;

  /** Ends an exec that nobody asks for, and removes its every trace. Idempotent. */
  removeExec(execId: string): Promise<void>;

  /** Execs with a trace on this machine. */
  listExecs(): string[];

  /** Sends a signal to init. Throws `ProcessGoneError` when it has ended. */
  kill(containerId: string, signal: number): void;

  /** Freezes or thaws every process. Resolves when done; idempotent. */
  pause(containerId: string): Promise<void>;
  resume(containerId: string): Promise<void>;
  isPaused(containerId: string): boolean;

  /**
   * Changes the limits of a running container; those that are missing stay. A memory limit that a container without one
   * gets makes its OOM kills known from then on. In order and not atomic: after a failure some are changed. Throws
   * `ProcessGoneError`, `LimitRefusedError`.
   */
  update(containerId: string, limits: CgroupLimits): Promise<void>;

  /** Reads what the container uses, as often as wanted; the caller disposes it. Throws `ProcessGoneError`. */
  usage(containerId: string): CgroupUsageReader;

  /** Host pids of all processes in the container. */
  processIds(containerId: string): number[];

  /** Ends what is left and removes every trace: processes, cgroup, holder, FIFOs, bundle. Idempotent. */
  remove(containerId: string): Promise<void>;

  /** Containers with a trace on this machine. */
  list(): string[];
}

export interface StartRequest {
  containerId: string;
  /** Complete OCI runtime spec; `root.path` is absolute. */
  spec: RuntimeSpec;
  /** Present when the process gets a terminal; the spec's `process.terminal` says the same. */
  terminal?: TerminalSize;
  /** The process gets an open stdin. */
  stdin: boolean;
  /** By the name that `offers` knows; the default runtime when missing. */
  runtime?: string;
  signal?: AbortSignal;
}

export interface TerminalSize {
  rows: number;
  columns: number;
}

export interface ContainerProcess {
  /** Host pid of init. */
  readonly pid: number;
  readonly startedAt: Date;
  readonly output: DurableOutput;
  /** Undefined when there is no open stdin. */
  readonly stdin: ProcessInput | undefined;
  /** Resolves when init has ended and its status is known. All output is readable then. Never rejects. */
  readonly exited: Promise<ExitStatus>;
  /** Throws `NoTerminalError`; does nothing when the process has ended. */
  resize(size: TerminalSize): void;
  /** Called for each kernel OOM kill inside the container's cgroup while this engine watches. */
  onOutOfMemory(listener: () => void): void;
}

export interface ExitStatus {
  /** 0–255; 128 + signal when a signal ended it; 137 when the status is unknown. */
  exitCode: number;
  /** The kernel killed something in the container's cgroup for lack of memory. */
  outOfMemory: boolean;
  at: Date;
}

/**
 * Output kept until it is released. `stdout` and `stderr` count bytes from the start of the process, across engine
 * restarts. With a terminal everything is `stdout`. Bytes that were read and not released are read again after a
 * restart; a consumer that stores its position together with what it wrote sees each byte exactly once.
 */
export interface DurableOutput {
  /** Chunks in order of arrival from `from` on (0/0 for all that was not released); ends when the process ended and all was read. One reader at a time. */
  read(from: OutputPosition): AsyncIterable<OutputChunk>;
  /** The consumer has stored everything up to here. When the process has ended and all is released, its shim ends. */
  release(upTo: OutputPosition): void;
}

export interface OutputPosition {
  stdout: number;
  stderr: number;
}

export interface OutputChunk {
  stream: 'stdout' | 'stderr';
  data: Uint8Array;
  /** Position after this chunk. */
  position: OutputPosition;
}

export interface ProcessInput {
  /** Resolves when the process (or the pipe) took the bytes; that may be never: pass a signal. Throws `InputClosedError`. */
  write(data: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** The process sees the end of its input. Idempotent. With a terminal it does nothing. */
  end(): void;
}

export interface ExecRequest {
  containerId: string;
  execId: string;
  process: RuntimeSpec['process'];
  terminal?: TerminalSize;
  stdin: boolean;
  signal?: AbortSignal;
}

/**
 * A further process. Its exit code, and the output that nobody has read, outlive the engine; its input over a pipe does
 * not. What was read and not delivered when an engine dies is lost.
 */
export interface ExecProcess {
  readonly pid: number;
  /** Ends when the process ended and all was read. A reader that stops reading stops the process's writes. */
  readonly output: AsyncIterable<{ stream: 'stdout' | 'stderr'; data: Uint8Array }>;
  readonly stdin: ProcessInput | undefined;
  readonly exited: Promise<ExitStatus>;
  resize(size: TerminalSize): void;
  /** Sends SIGKILL to it and to all that it has started, what it forks in this moment included. Idempotent. */
  kill(): Promise<void>;
  /** It has ended, and its exit is recorded: every trace of it goes, but for output that was read. Idempotent. */
  release(): Promise<void>;
}
