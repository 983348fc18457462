import { setImmediate, setTimeout } from 'node:timers/promises';

/** How long the event loop may be kept from its other work by one slice. */
const maxSliceMs = 2;

export interface SliceOptions {
  signal?: AbortSignal;
  /** Waits this long between two slices: for work that nobody waits for. */
  pauseMs?: number;
}

/**
 * Runs a long row of short synchronous steps on this thread, and gives the event loop its turn every few milliseconds.
 * A step that is a promise is awaited. Rejects with the signal's reason between two slices.
 */
export async function runInSlices(
  steps: Iterable<Promise<void> | undefined>,
  { signal, pauseMs = 0 }: SliceOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  let started = performance.now();
  for (const step of steps) {
    if (step !== undefined) await step;
    else if (performance.now() - started < maxSliceMs) continue;
    else if (pauseMs > 0) await setTimeout(pauseMs, undefined, signal === undefined ? {} : { signal });
    else await setImmediate();
    signal?.throwIfAborted();
    started = performance.now();
  }
}
