import { isDeepStrictEqual } from 'node:util';
import { errorMessage } from '@gantry/base';
import type { Engine } from '@gantry/engine';
import { notifyManager, type ProgramLogger } from '@gantry/program';
import type { DaemonConfig } from './config.ts';

export interface ReloadOptions {
  engine: Pick<Engine, 'reload'>;
  /** What the daemon runs with. */
  config: DaemonConfig;
  /** Reads the configuration again; throws `ConfigError`. */
  load: () => DaemonConfig;
  logger: ProgramLogger;
}

/**
 * Puts daemon.json's reloadable keys in force and returns the configuration that holds now. One that cannot be used is
 * told in the log and changes nothing; so is a key that needs a restart.
 */
export function reloadConfig({ engine, config, load, logger }: ReloadOptions): DaemonConfig {
  notifyManager('RELOADING=1');
  try {
    const wanted = load();
    engine.reload(wanted.settings);
    logger.setLevel(wanted.logLevel);
    const later = Object.keys(wanted).filter((key) => needsRestart(key, wanted, config));
    if (later.length > 0) logger.warn('changed configuration needs a restart', { settings: later });
    logger.info('configuration reloaded');
    return { ...config, settings: wanted.settings, logLevel: wanted.logLevel };
  } catch (error) {
    logger.error('configuration not reloaded', { error: errorMessage(error) });
    return config;
  } finally {
    notifyManager('READY=1');
  }
}

function needsRestart(key: string, wanted: DaemonConfig, config: DaemonConfig): boolean {
  if (key === 'settings' || key === 'logLevel') return false;
  return !isDeepStrictEqual(wanted[key as keyof DaemonConfig], config[key as keyof DaemonConfig]);
}
