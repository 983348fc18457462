import { setTimeout as delay } from 'node:timers/promises';

/** Time as a dependency, so that tests own it. */
export interface Clock {
  /** Wall clock. */
  now(): Date;
  /** Nanoseconds since the Unix epoch; never goes back within one process. */
  nowNs(): bigint;
  /** Resolves after `timeoutMs`; rejects with AbortError when `signal` aborts. Does not keep the process alive. */
  sleep(timeoutMs: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = /* @__PURE__ */ makeSystemClock();

/** `performance` loads much of Node.js, which a program that never asks for the time can do without. */
function makeSystemClock(): Clock {
  let originNs: bigint | undefined;
  return {
    now: () => new Date(),
    nowNs: () => (originNs ??= epochOfHrtimeNs()) + process.hrtime.bigint(),
    sleep: (timeoutMs, signal) => delay(timeoutMs, undefined, { ref: false, ...(signal ? { signal } : {}) }),
  };
}

/** The moment at which `process.hrtime` was zero. */
function epochOfHrtimeNs(): bigint {
  const sinceStartNs = BigInt(Math.round(performance.now() * 1e6));
  return BigInt(Math.round(performance.timeOrigin * 1e6)) + sinceStartNs - process.hrtime.bigint();
}
