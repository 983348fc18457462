import type { OutputFrame } from './output-frame.ts';

/** A client's connection to a process. */
export interface AttachSession {
  terminal: boolean;
  /** Ends when the process ended and all was delivered, or on detach. */
  output: AsyncIterable<OutputFrame>;
  /** Undefined when stdin is not attached. Bytes given to `write` are watched for the detach keys. */
  input?: { write(data: Uint8Array): Promise<void>; end(): void };
  /** Ends the session; the process goes on. Idempotent. */
  close(): void;
}
