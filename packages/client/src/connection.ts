import type { EventEmitter } from 'node:events';

/**
 * What HTTP needs of a connection: a socket of `node:net` is one, and so is `connectPipe`'s. Its events are those of a socket: `connect`,
 * `data`, `end`, `drain`, `error`, `close`.
 */
export interface Connection extends Pick<EventEmitter, 'on' | 'once' | 'off'> {
  readonly destroyed: boolean;
  readonly writable: boolean;
  /** False when whoever has more should wait for `drain`. */
  write(data: string | Uint8Array): boolean;
  /** Ends our side; the other goes on. */
  end(): unknown;
  /** Closes it at once; `error` tells the reason, when there is one. Idempotent. */
  destroy(reason?: Error): unknown;
  pause(): unknown;
  resume(): unknown;
  isPaused(): boolean;
  /** What is written until `uncork` goes out together. */
  cork(): void;
  uncork(): void;
  /** Whether it keeps the process from ending. */
  ref(): unknown;
  unref(): unknown;
}
