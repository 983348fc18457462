import { rm } from 'node:fs/promises';
import { type Clock, errorMessage, type Logger } from '@gantry/base';
import { ProjectQuotas } from '@gantry/kernel';
import { PluginDirectories } from '@gantry/plugins';
import type { MetadataStore } from '@gantry/state';
import { DriverSet } from './driver-set.ts';
import { DriverVolumeStore } from './driver-volume-store.ts';
import { LocalDriver } from './local/local-driver.ts';
import { unmountVolume } from './local/mount-volume.ts';
import { VolumeDirectory } from './local/volume-directory.ts';
import { VolumeHolders } from './volume-holders.ts';
import { migrateVolumeRecord, type VolumeRecord, volumeRecordVersion } from './volume-record.ts';
import { VolumeRecords } from './volume-records.ts';
import type { VolumeStore } from './volume-store.ts';

export interface VolumeStoreOptions {
  /** Directory of the volumes, made when missing. */
  root: string;
  /** Where volume plugins are looked for besides Docker's directories. */
  pluginDirectory: string;
  store: MetadataStore;
  clock: Clock;
  logger: Logger;
}

interface Opening {
  directory: VolumeDirectory;
  records: VolumeRecords;
  volumes: DriverVolumeStore;
  drivers: DriverSet;
  clock: Clock;
  logger: Logger;
}

/**
 * Opens the volumes below `root`, and first finishes what an engine that was killed had begun: a removal, a copy-up. A
 * directory that no record knows becomes a volume when it holds anything (a store was lost, the data were not), and goes
 * when it is empty (a creation that nobody was told of). What is mounted stays until `keepMounts`.
 */
export async function openVolumeStore(options: VolumeStoreOptions): Promise<VolumeStore> {
  const { root, pluginDirectory, store, clock } = options;
  const logger = options.logger.child({ component: 'volumes' });
  const directory = new VolumeDirectory(root);
  const closing = new AbortController();
  const plugins = new PluginDirectories(pluginDirectory);
  const drivers = new DriverSet(new LocalDriver(directory, ProjectQuotas.of(root)), plugins, closing.signal);
  const records = new VolumeRecords(
    store.collection<VolumeRecord>('volumes', { version: volumeRecordVersion, migrate: migrateVolumeRecord }),
  );
  const holders = new VolumeHolders(store);
  const volumes = new DriverVolumeStore({ directory, drivers, records, holders, clock, logger, closing });
  const opening: Opening = { directory, records, volumes, drivers, clock, logger };
  for (const [name, record] of records.entries()) {
    try {
      await finish(opening, name, record);
    } catch (error) {
      logger.error('the volume is damaged', { volumeName: name, error: errorMessage(error) });
    }
  }
  for (const name of directory.names()) {
    if (records.get(name) === undefined) await adopt(opening, name);
  }
  await sweep(opening);
  return volumes;
}

async function sweep({ directory, records, logger }: Opening): Promise<void> {
  const copying = records.entries().filter(([, record]) => record.copying);
  const kept = new Set(copying.map(([name]) => directory.foreignCopyPath(name)));
  for (const left of directory.leftovers().filter((leftover) => !kept.has(leftover))) {
    await directory.emptyTrash(left).catch((error: unknown) => {
      logger.error('what is left of a volume was not deleted', { path: left, error: errorMessage(error) });
    });
  }
}

async function finish(
  { directory, records, volumes, drivers, logger }: Opening,
  name: string,
  record: VolumeRecord,
): Promise<void> {
  if (record.driver !== 'local') {
    // Nobody was told that it is gone, and its plugin may not be there yet.
    if (record.removing) records.put(name, { ...record, removing: false });
    return;
  }
  if (record.removing) {
    await drivers.local.remove({ name, options: record.options });
    records.delete(name);
    return;
  }
  if (!directory.has(name)) {
    logger.error('the directory of the volume is gone: made anew, empty', { volumeName: name });
    directory.make(name, record.options);
  }
  if (!record.copying) await rm(directory.copyPath(name), { recursive: true, force: true });
  else if (!drivers.local.needsMount(record.options))
    await volumes.finishCopy(name, directory.dataPath(name));
}

async function adopt({ directory, records, clock, logger }: Opening, name: string): Promise<void> {
  const warn = (error: unknown): void =>
    logger.warn('a directory among the volumes is none', { volumeName: name, error: errorMessage(error) });
  try {
    const options = directory.options(name);
    if (options !== undefined) await unmountVolume(directory.dataPath(name));
    if (options === undefined && (!directory.has(name) || directory.isEmpty(name))) {
      await directory.removeEmpty(name);
      return;
    }
    directory.make(name, options);
    logger.warn('took over a volume that no record knows', { volumeName: name });
    records.put(name, {
      driver: 'local',
      options: options ?? {},
      scope: 'local',
      createdAt: clock.now().toISOString(),
      labels: {},
      anonymous: false,
      usedBy: [],
      copying: false,
      removing: false,
    });
  } catch (error) {
    warn(error);
  }
}
