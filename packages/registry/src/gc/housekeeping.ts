import { type Clock, errorMessage, type Logger } from '@gantry/base';
import type { OpenStorage } from '../storage/open-storage.ts';

export interface HousekeepingOptions {
  storage: Pick<OpenStorage, 'uploads' | 'collectGarbage'>;
  /** Missing: garbage is collected only when somebody asks for it. */
  intervalMs?: number | undefined;
  uploadLifetimeMs: number;
  clock: Clock;
  logger: Logger;
}

const expireEveryMs = 600_000;

/** Cancels uploads that were left, and collects garbage, again and again until it is disposed; that waits for what runs. */
export function keepHouse(options: HousekeepingOptions): AsyncDisposable {
  const stop = new AbortController();
  const { storage, intervalMs, uploadLifetimeMs, clock } = options;
  const running = [
    repeat(options, { everyMs: Math.min(expireEveryMs, uploadLifetimeMs), signal: stop.signal }, async () => {
      const expired = await storage.uploads.expire(new Date(clock.now().getTime() - uploadLifetimeMs));
      if (expired > 0) options.logger.info('uploads that were left are cancelled', { count: expired });
    }),
    ...(intervalMs === undefined
      ? []
      : [
          repeat(options, { everyMs: intervalMs, signal: stop.signal }, async () => {
            await storage.collectGarbage(stop.signal);
          }),
        ]),
  ];
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.all(running);
    },
  };
}

async function repeat(
  { clock, logger }: HousekeepingOptions,
  { everyMs, signal }: { everyMs: number; signal: AbortSignal },
  work: () => Promise<void>,
): Promise<void> {
  for (;;) {
    await clock.sleep(everyMs, signal).catch(() => {});
    if (signal.aborted) return;
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) logger.error('housekeeping failed', { reason: errorMessage(error) });
    }
  }
}
