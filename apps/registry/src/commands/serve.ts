import { errorMessage, gantryVersion } from '@gantry/base';
import { notifyManager, openLogger, type ProgramLogger, terminationSignal } from '@gantry/program';
import { type OpenRegistry, openRegistry, type RegistrySettings } from '@gantry/registry';
import { loadSettings } from '../configuration.ts';

/**
 * `gantry-registry serve`: serves until a signal ends it. At SIGHUP files of users, robots and certificates are read again, the
 * audit log is opened anew, and the log level is the configuration's; other changes there need a restart, which the log says.
 */
export async function serve(words: readonly string[]): Promise<number> {
  const settings = loadSettings(words, process.env);
  const logger = openLogger(settings.logLevel);
  const ended = terminationSignal(logger);
  await using registry = await openRegistry({ settings, userAgent: `Gantry/${gantryVersion}`, logger });
  const reload = (): void =>
    reloadRegistry({ registry, settings, load: () => loadSettings(words, process.env), logger });
  process.on('SIGHUP', reload);
  notifyManager('READY=1');
  logger.info('ready', { version: gantryVersion, root: settings.root });
  const signal = await ended;
  process.off('SIGHUP', reload).on('SIGHUP', () => {});
  notifyManager('STOPPING=1');
  logger.info('stopping', { signal });
  return 0;
}

interface Reload {
  registry: OpenRegistry;
  settings: RegistrySettings;
  load: () => RegistrySettings;
  logger: ProgramLogger;
}

function reloadRegistry({ registry, settings, load, logger }: Reload): void {
  notifyManager('RELOADING=1');
  try {
    const wanted = load();
    logger.setLevel(wanted.logLevel);
    registry.reload();
    const later = Object.keys(wanted).filter((key) => key !== 'logLevel' && isChanged(key, wanted, settings));
    if (later.length > 0) logger.warn('changed configuration needs a restart', { settings: later });
    logger.info('configuration reloaded');
  } catch (error) {
    logger.error('configuration not reloaded', { error: errorMessage(error) });
  } finally {
    notifyManager('READY=1');
  }
}

/** As texts: patterns hold functions, which are never the same. */
function isChanged(key: string, wanted: RegistrySettings, settings: RegistrySettings): boolean {
  const name = key as keyof RegistrySettings;
  return JSON.stringify(wanted[name]) !== JSON.stringify(settings[name]);
}
