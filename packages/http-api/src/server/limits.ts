import { defaultHttpLimits, type HttpLimits } from '@gantry/http-server';

/** Bounds on what a client may cost. Sizes in bytes, times in milliseconds. */
export interface ServerLimits extends HttpLimits {
  /** A JSON body, from the headers to its last byte. */
  bodyTimeoutMs: number;
  /** How often a client that closed its half is asked whether it is still there. */
  goneProbeIntervalMs: number;
  /** Any JSON body, unless its route has less. */
  maxBodyBytes: number;
}

export const defaultLimits: Readonly<ServerLimits> = {
  ...defaultHttpLimits,
  // Docker has the same.
  maxHeaderBytes: 1024 * 1024,
  bodyTimeoutMs: 30_000,
  goneProbeIntervalMs: 5000,
  maxBodyBytes: 4 * 1024 * 1024,
};
