/** Bounds on what a client may cost. Sizes in bytes, times in milliseconds. */
export interface ServerLimits {
  /** Request line and headers together; more is answered 431. Docker has the same. */
  maxHeaderBytes: number;
  /** From the first byte of a request (or of a connection) until its headers are whole. */
  headersTimeoutMs: number;
  /** A JSON body, from the headers to its last byte. */
  bodyTimeoutMs: number;
  /** How long a connection may idle between requests. */
  idleTimeoutMs: number;
  /** Open connections of one listener; more are closed at once. */
  maxConnections: number;
  /** How long a client may take to close its half after a stream ended. */
  lingerTimeoutMs: number;
  /** How often a client that closed its half is asked whether it is still there. */
  goneProbeIntervalMs: number;
  /** Any JSON body, unless its route has less. */
  maxBodyBytes: number;
}

export const defaultLimits: Readonly<ServerLimits> = {
  maxHeaderBytes: 1024 * 1024,
  headersTimeoutMs: 20_000,
  bodyTimeoutMs: 30_000,
  idleTimeoutMs: 300_000,
  maxConnections: 4096,
  lingerTimeoutMs: 2000,
  goneProbeIntervalMs: 5000,
  maxBodyBytes: 4 * 1024 * 1024,
};
