import type { LogStream } from '../store/record-run.ts';

/** One line of a container, or a part of a line that is too long for one. */
export interface LogMessage {
  stream: LogStream;
  /** Nanoseconds since the epoch at which it was logged. */
  timeNs: bigint;
  /** Without its newline. */
  line: Uint8Array;
  partial: PartialLine | undefined;
}

/** A part of a line: the same `id` for all parts, counted from 1. */
export interface PartialLine {
  id: string;
  ordinal: number;
  isLast: boolean;
}

/** A receiver of lines that is somewhere else, and may be away. */
export interface LogSink {
  /** For the engine's log: `syslog tcp://host:514`. */
  readonly name: string;
  readonly retry: RetrySettings;
  /** Messages given to `send` at once, at most. */
  readonly batchMessages: number;
  /** A connection is given up and made anew after so long; never when undefined. */
  readonly reconnectAfterMs?: number;
  /** Opens the way to the receiver. Rejects when it cannot be reached. */
  connect(signal: AbortSignal): Promise<SinkConnection>;
}

export interface RetrySettings {
  /** Wait after the first failure; doubled after each further one, to half a minute at most. */
  firstWaitMs: number;
  /** Failures in a row after which the lines that wait are dropped; never when undefined. */
  limit?: number;
}

export interface SinkConnection extends Disposable {
  /**
   * Resolves when the receiver, or the kernel on the way to it, took all messages. Rejects when the connection broke: then
   * all of them are sent again over the next one.
   */
  send(messages: readonly LogMessage[]): Promise<void>;
}

export const plainRetry: RetrySettings = { firstWaitMs: 1000 };
export const plainBatchMessages = 1000;
