import type { Logger } from '@gantry/base';
import { systemClock } from '@gantry/base';
import { gantryVersion, openEngine } from '@gantry/engine';
import { createApiServer } from '@gantry/http-api';
import type { DaemonConfig } from './config.ts';
import { listenAddresses } from './listen-addresses.ts';
import { openLogger } from './logger.ts';
import { writePidFile } from './pid-file.ts';

/** Runs the engine and its API until a signal ends it; containers go on. Resolves with the exit code. */
export async function serve(config: DaemonConfig): Promise<number> {
  const logger = openLogger(config.logLevel);
  const addresses = listenAddresses(config, process.env);
  await using engine = await openEngine({
    dataRoot: config.dataRoot,
    execRoot: config.execRoot,
    bridge: config.bridge,
    ...(config.bip === undefined ? {} : { bip: config.bip }),
    cgroupParent: config.cgroupParent,
    cdiSpecDirs: config.cdiSpecDirs,
    runtime: config.runtime,
    logDriver: config.logDriver,
    logOptions: config.logOptions,
    debug: config.debug,
    logger,
  });
  using _pidFile = writePidFile(config.pidFile);
  await using server = createApiServer({ ...engine, logger, clock: systemClock, version: gantryVersion });
  for (const address of addresses) await server.listen(address);
  logger.info('ready', { version: gantryVersion, dataRoot: config.dataRoot });
  const signal = await terminationSignal(logger);
  logger.info('stopping; containers go on', { signal });
  await server.close({ timeoutMs: config.shutdownTimeoutMs });
  return 0;
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function terminationSignal(logger: Logger): Promise<NodeJS.Signals> {
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
    process.on('SIGHUP', () =>
      logger.warn('SIGHUP: the configuration is read at start only; restart gantryd'),
    );
    process.on('SIGPIPE', () => {});
  });
}
