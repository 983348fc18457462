import type { Logger } from '@gantry/base';

/**
 * Resolves at the first SIGTERM or SIGINT from this call on: one that comes while a program opens lets it open, and ends it in
 * order then. A second one ends the process at once.
 */
export function terminationSignal(logger: Logger): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first = true;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (!first) {
        logger.warn('second signal, leaving at once', { signal });
        process.exit(130);
      }
      first = false;
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    process.on('SIGPIPE', () => {});
  });
}
