import type {
  AttachOptions,
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspectResponse,
  ContainerStatsResponse,
  ContainerSummary,
  ContainerTopResponse,
  ContainerUpdateRequest,
  ContainerUpdateResponse,
  ContainerWaitResponse,
  Filters,
  LogOptions,
} from '@gantry/api-types';

/** What the container routes need. A `ref` is a name, an id, or a unique id prefix; an unknown one throws `No such container: x` (not-found). */
export interface ContainerBackend {
  create(
    request: ContainerCreateRequest,
    options: { name?: string; platform?: string; signal?: AbortSignal },
  ): Promise<ContainerCreateResponse>;
  list(options: ContainerListOptions): Promise<ContainerSummary[]>;
  inspect(ref: string, options: { size: boolean }): Promise<ContainerInspectResponse>;
  /**
   * Throws not-modified when it runs; its message is empty on the wire. A start that fails ends the sessions attached to
   * the container, and removes it when it was to be removed at its end: the docker CLI waits for both.
   */
  start(ref: string): Promise<void>;
  /** Throws not-modified when it does not run. `timeoutSeconds` -1 waits for ever. */
  stop(ref: string, options: StopOptions): Promise<void>;
  restart(ref: string, options: StopOptions): Promise<void>;
  /** `signal` as the user gave it: `KILL`, `SIGTERM`, `9`. */
  kill(ref: string, signal: string): Promise<void>;
  pause(ref: string): Promise<void>;
  unpause(ref: string): Promise<void>;
  rename(ref: string, name: string): Promise<void>;
  /** Changes limits and restart policy, for good; of a running container at once. The answer has Docker's warnings. */
  update(ref: string, request: ContainerUpdateRequest): Promise<ContainerUpdateResponse>;
  /**
   * Rejects before the first sample for an unknown container. With `stream` one a second until the container is removed;
   * otherwise one, of two measurements a second apart unless `oneShot`. Samples that a slow reader does not take are
   * left out.
   */
  stats(ref: string, options: StatsOptions): Promise<AsyncIterable<ContainerStatsResponse>>;
  remove(ref: string, options: { force: boolean; volumes: boolean }): Promise<void>;
  /** Takes the link `alias` from a container; throws not-found where it has none of that name. */
  removeLink(ref: string, alias: string): Promise<void>;
  top(ref: string, psArguments: string): Promise<ContainerTopResponse>;
  resize(ref: string, size: ConsoleSize): Promise<void>;
  /** Resolves as soon as the wait is registered; `result` resolves when the condition comes true. */
  wait(
    ref: string,
    condition: 'not-running' | 'next-exit' | 'removed',
    signal: AbortSignal,
  ): Promise<{ result: Promise<ContainerWaitResponse> }>;
  /**
   * Rejects before the first line for an unknown container, and not-implemented for a log that cannot be read. A slow
   * reader never holds the container up. One frame a line, as many at a time as are there; the bytes of a run are
   * overwritten when the next are asked for.
   */
  logs(
    ref: string,
    options: LogOptions,
  ): Promise<{ terminal: boolean; frames: AsyncIterable<readonly (OutputFrame | FrameRun)[]> }>;
  attach(ref: string, options: AttachOptions): Promise<AttachSession>;
}

export interface ContainerListOptions {
  all: boolean;
  limit?: number;
  size: boolean;
  filters: Filters;
}

export interface StatsOptions {
  stream: boolean;
  oneShot: boolean;
  signal: AbortSignal;
}

export interface StopOptions {
  signal?: string;
  timeoutSeconds?: number;
}

export interface ConsoleSize {
  rows: number;
  columns: number;
}

/** One frame of a multiplexed stream; with a terminal everything is `stdout`. `system` is an error told in-band. */
export interface OutputFrame {
  stream: 'stdout' | 'stderr' | 'system';
  data: Uint8Array;
}

/**
 * Frames of one stream that lie in one buffer: frame i is its bytes from `bounds[2 * i]` up to `bounds[2 * i + 1]`. Millions
 * of short lines are passed on so, without an object for each.
 */
export interface FrameRun {
  stream: 'stdout' | 'stderr';
  buffer: Buffer;
  bounds: readonly number[];
}

export interface AttachSession {
  terminal: boolean;
  /** Ends when the process ended and all was delivered, or on detach. */
  output: AsyncIterable<OutputFrame>;
  /** Undefined when stdin is not attached. Bytes given to `write` are watched for the detach keys. */
  input?: { write(data: Uint8Array): Promise<void>; end(): void };
  /** Ends the session; the container goes on. Idempotent. */
  close(): void;
}
