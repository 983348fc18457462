import { writeFileSync } from 'node:fs';
import { systemClock } from '@gantry/base';
import { type Engine, gantryVersion, openEngine } from '@gantry/engine';
import { type ApiServer, createApiServer, type ListenAddress, serveMetrics } from '@gantry/http-api';
import { keepLittleFreeMemory, releaseFreeMemory } from '@gantry/kernel';
import {
  notifyManager,
  openLogger,
  type ProgramLogger,
  shrinkHeap,
  terminationSignal,
} from '@gantry/program';
import type { DaemonConfig } from './config.ts';
import { listenAddresses } from './listen-addresses.ts';
import { writePidFile } from './pid-file.ts';
import { reloadConfig } from './reload.ts';

/**
 * Runs the engine and its API until a signal ends it; containers go on, unless live-restore is off. `load` reads the
 * configuration: now, and again at each SIGHUP. Resolves with the exit code.
 */
export async function serve(load: () => DaemonConfig): Promise<number> {
  keepLittleFreeMemory();
  let config = load();
  const logger = openLogger(config.logLevel, config.logFormat);
  const terminated = terminationSignal(logger);
  if (config.oomScoreAdjustment !== undefined) {
    writeFileSync('/proc/self/oom_score_adj', String(config.oomScoreAdjustment));
  }
  const addresses = listenAddresses(config, process.env);
  await using engine = await openEngine({
    ...engineOptions(config),
    openTcpAddresses: openTcpAddresses(addresses),
    logger,
  });
  using _pidFile = writePidFile(config.pidFile);
  await using server = createApiServer({ ...engine, logger, clock: systemClock, version: gantryVersion });
  for (const address of addresses) {
    await server.listen(address);
    if (address.kind === 'tcp' && address.tls === undefined) {
      logger.warn('TCP without TLS: whoever reaches it is root on this machine', { port: address.port });
    }
  }
  const reload = (): void => {
    config = reloadConfig({ engine, config, load, logger });
  };
  await using _metrics = await metricsServer(engine, config, logger);
  process.on('SIGHUP', reload);
  notifyManager('READY=1');
  logger.info('ready', { version: gantryVersion, dataRoot: config.dataRoot });
  // What reading and compiling the program took.
  shrinkHeap();
  releaseFreeMemory();
  const signal = await terminated;
  process.off('SIGHUP', reload).on('SIGHUP', () => {});
  await shutDown({ engine, server, config, logger, signal });
  return 0;
}

async function metricsServer(
  engine: Engine,
  { metricsAddress: address }: DaemonConfig,
  logger: ProgramLogger,
): Promise<AsyncDisposable | undefined> {
  if (address === undefined) return undefined;
  const metrics = await engine.measure();
  const server = await serveMetrics({
    address,
    read: () => metrics.text(),
    logger,
    clock: systemClock,
  });
  logger.info('measures are told', { ...server.bound });
  return server;
}

function openTcpAddresses(addresses: readonly ListenAddress[]): string[] {
  return addresses.flatMap((address) =>
    address.kind === 'tcp' && address.tls === undefined
      ? [`${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`]
      : [],
  );
}

function engineOptions(config: DaemonConfig): Parameters<typeof openEngine>[0] {
  return {
    dataRoot: config.dataRoot,
    execRoot: config.execRoot,
    bridge: config.bridge,
    ...(config.bip === undefined ? {} : { bip: config.bip }),
    network: config.network,
    cgroupDriver: config.cgroupDriver,
    cgroupParent: config.cgroupParent,
    ...(config.realtime && { realtime: config.realtime }),
    proxies: config.proxies,
    storageSizeBytes: config.storageSizeBytes,
    usernsRemap: config.usernsRemap,
    cdiSpecDirs: config.cdiSpecDirs,
    sharedContent: config.sharedContent,
    ulimits: config.ulimits,
    noNewPrivileges: config.noNewPrivileges,
    seccompProfile: config.seccompProfile,
    init: config.init,
    ...(config.initPath === undefined ? {} : { initPath: config.initPath }),
    logDriver: config.logDriver,
    logOptions: config.logOptions,
    settings: config.settings,
  };
}

interface Shutdown {
  engine: Engine;
  server: ApiServer;
  config: DaemonConfig;
  logger: ProgramLogger;
  signal: NodeJS.Signals;
}

/** In order: no more requests, open ones to their end, then the containers where they are to end too. */
async function shutDown({ engine, server, config, logger, signal }: Shutdown): Promise<void> {
  const { liveRestore, shutdownTimeoutSeconds } = config.settings;
  notifyManager('STOPPING=1');
  logger.info(liveRestore ? 'stopping; containers go on' : 'stopping, with all containers', { signal });
  await server.close({ timeoutMs: shutdownTimeoutSeconds * 1000 });
  if (!liveRestore) await engine.stopContainers(shutdownTimeoutSeconds);
}
