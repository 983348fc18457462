/** Bounds on what a client may cost, whatever it asks for. Sizes in bytes, times in milliseconds. */
export interface HttpLimits {
  /** Request line and headers together; more is answered 431. */
  maxHeaderBytes: number;
  /** From the first byte of a request (or of a connection) until its headers are whole. */
  headersTimeoutMs: number;
  /** How long a connection may idle between requests. */
  idleTimeoutMs: number;
  /** How long a request may go on without a byte either way; 0 is for ever. */
  stallTimeoutMs: number;
  /** Open connections of one listener; more are closed at once. */
  maxConnections: number;
  /** How long a client may take to close its half after a stream ended. */
  lingerTimeoutMs: number;
}

export const defaultHttpLimits: Readonly<HttpLimits> = {
  maxHeaderBytes: 64 * 1024,
  headersTimeoutMs: 20_000,
  idleTimeoutMs: 300_000,
  stallTimeoutMs: 0,
  maxConnections: 4096,
  lingerTimeoutMs: 2000,
};
