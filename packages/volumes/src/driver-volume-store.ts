import { existsSync } from 'node:fs';
import { type Clock, errorMessage, faultPoint, KeyedLock, type Logger } from '@gantry/base';
import { Directory } from '@gantry/kernel';
import type { DriverSet } from './driver-set.ts';
import {
  InvalidVolumeNameError,
  VolumeInUseError,
  VolumeMountError,
  VolumeNameTakenError,
  VolumeNotFoundError,
  VolumeOperationError,
  VolumeUnknownError,
} from './errors.ts';
import { bringIn, type CopySource, gather } from './local/copy-up.ts';
import type { VolumeDirectory } from './local/volume-directory.ts';
import type { DriverVolume, VolumeDriver } from './volume-driver.ts';
import type { VolumeHolders } from './volume-holders.ts';
import { anonymousVolumeName } from './volume-name.ts';
import type { VolumeRecord } from './volume-record.ts';
import type { VolumeRecords } from './volume-records.ts';
import type { VolumeCreation, VolumeDetails, VolumeInfo, VolumeStore } from './volume-store.ts';

export interface DriverVolumeStoreParts {
  directory: VolumeDirectory;
  drivers: DriverSet;
  records: VolumeRecords;
  holders: VolumeHolders;
  clock: Clock;
  logger: Logger;
  /** Ends what is asked of plugins. */
  closing: AbortController;
}

/** The volumes of all drivers, with what is recorded of each: labels, containers, who has it mounted. */
export class DriverVolumeStore implements VolumeStore {
  readonly #parts: DriverVolumeStoreParts;
  readonly #lock = new KeyedLock();
  /** Where volumes of plugins are, as far as they have told. */
  readonly #paths = new Map<string, string>();

  constructor(parts: DriverVolumeStoreParts) {
    this.#parts = parts;
  }

  async create(creation: VolumeCreation): Promise<{ volume: VolumeInfo; isNew: boolean }> {
    const { name = anonymousVolumeName(), driver = '' } = creation;
    const { drivers } = this.#parts;
    return await this.#lock.run(name, async () => {
      const wanted = driver === '' ? undefined : await forCreation(name, () => drivers.existing(driver));
      const existing = this.get(name);
      if (existing !== undefined && (await this.#isThere(existing, wanted))) {
        return { volume: existing, isNew: false };
      }
      const holder = driver === '' && creation.name !== undefined ? await this.#findHolder(name) : undefined;
      return await this.#make({ ...creation, name }, wanted ?? holder?.driver ?? drivers.local);
    });
  }

  get(name: string): VolumeInfo | undefined {
    const record = this.#parts.records.get(name);
    return record === undefined || record.removing ? undefined : this.#info(name, record);
  }

  list(): VolumeInfo[] {
    const names = this.#parts.records.entries().map(([name]) => name);
    return names.sort().flatMap((name) => this.get(name) ?? []);
  }

  async find(name: string): Promise<VolumeDetails | undefined> {
    const info = this.get(name);
    if (info === undefined) {
      const holder = await this.#findHolder(name);
      return holder && (await this.#foreign(holder.driver, holder.volume));
    }
    if (info.driver === 'local') return info;
    try {
      const told = await this.#parts.drivers.named(info.driver).get(name);
      return told && this.#details(info, told);
    } catch (error) {
      throw new VolumeUnknownError(name, info.driver, error);
    }
  }

  async findAll(): Promise<{ volumes: VolumeDetails[]; warnings: string[] }> {
    const recorded = new Map(this.list().map((info) => [info.name, info]));
    const found = new Map<string, VolumeDetails>(
      [...recorded].filter(([, { driver }]) => driver === 'local'),
    );
    const warnings: string[] = [];
    for (const driver of await this.#listable(recorded.values())) {
      try {
        for (const told of await driver.list()) {
          const info = recorded.get(told.name);
          if (found.has(told.name) || (info !== undefined && info.driver !== driver.name)) continue;
          found.set(told.name, info ? this.#details(info, told) : await this.#foreign(driver, told));
        }
      } catch (error) {
        warnings.push(new VolumeOperationError('list', driver.name, error).message);
        for (const info of recorded.values()) if (info.driver === driver.name) found.set(info.name, info);
      }
    }
    const volumes = [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
    return { volumes, warnings };
  }

  driverNames(): string[] {
    return this.#parts.drivers.usedNames();
  }

  acquire(name: string, containerId: string): void {
    const { records } = this.#parts;
    const { usedBy } = records.known(name);
    if (!usedBy.includes(containerId)) records.change(name, { usedBy: [...usedBy, containerId] });
  }

  release(name: string, containerId: string): void {
    const { records } = this.#parts;
    const record = records.get(name);
    if (record?.usedBy.includes(containerId) !== true) return;
    records.put(name, { ...record, usedBy: record.usedBy.filter((id) => id !== containerId) });
  }

  async mount(name: string, holder: string): Promise<string> {
    const { records, holders, drivers, directory } = this.#parts;
    const { driver: driverName, options } = records.known(name);
    const driver = drivers.named(driverName);
    if (!driver.needsMount(options)) return directory.dataPath(name);
    return await this.#lock.run(name, async () => {
      records.known(name);
      holders.add(name, holder);
      faultPoint('volume-mount/noted');
      try {
        const place = await driver.mount({ name, options }, holder);
        faultPoint('volume-mount/mounted');
        this.#paths.set(name, place);
        if (records.known(name).copying) await this.finishCopy(name, place);
        return place;
      } catch (error) {
        holders.remove(name, holder);
        throw new VolumeMountError(name, this.#pathOf(name), error);
      }
    });
  }

  async unmount(name: string, holder: string): Promise<void> {
    const { records, holders, drivers } = this.#parts;
    if (!holders.of(name).includes(holder)) return;
    await this.#lock.run(name, async () => {
      const record = records.get(name);
      const others = holders.of(name).filter((other) => other !== holder);
      try {
        if (record === undefined) return;
        const { options } = record;
        await drivers
          .named(record.driver)
          .unmount({ name, options }, { holder, isLast: others.length === 0 });
        faultPoint('volume-unmount/unmounted');
      } finally {
        if (others.length === 0) this.#paths.delete(name);
        holders.remove(name, holder);
        faultPoint('volume-unmount/forgotten');
      }
    });
  }

  async keepMounts(keep: ReadonlySet<string>): Promise<void> {
    const { holders, records, drivers, logger } = this.#parts;
    const report = (volumeName: string) => (error: unknown) =>
      logger.warn('a volume of no container is still mounted', { volumeName, error: errorMessage(error) });
    for (const name of holders.names()) {
      for (const holder of holders.of(name).filter((id) => !keep.has(id))) {
        const done = this.unmount(name, holder).catch(report(name));
        if (records.get(name)?.driver === 'local') await done;
      }
    }
    for (const [name, { driver, options }] of records.entries()) {
      if (driver !== 'local' || holders.of(name).length > 0) continue;
      await drivers.local.unmount({ name, options }, { isLast: true }).catch(report(name));
    }
  }

  async copyUp(name: string, source: CopySource): Promise<void> {
    const { records } = this.#parts;
    await this.#lock.run(name, async () => {
      const place = this.#pathOf(name);
      records.known(name);
      if (place === '' || !isEmptyDirectory(place)) return;
      if (!(await gather(source, this.#copyPath(name)))) return;
      records.change(name, { copying: true });
      faultPoint('volume-copy/gathered');
      await this.finishCopy(name, place);
    });
  }

  /** Moves what was gathered to its place; can be repeated. The volume's lock is held, or nobody else is there yet. */
  async finishCopy(name: string, place: string): Promise<void> {
    const copyPath = this.#copyPath(name);
    if (existsSync(copyPath)) await bringIn(copyPath, place);
    faultPoint('volume-copy/brought-in');
    this.#parts.records.change(name, { copying: false });
  }

  async remove(name: string, { force = false }: { force?: boolean } = {}): Promise<void> {
    const { records, drivers, holders } = this.#parts;
    const finish = await this.#lock.run(name, async () => {
      const { usedBy, driver, options } = await this.#removable(name);
      if (usedBy.length > 0) throw new VolumeInUseError(name, usedBy);
      records.change(name, { removing: true });
      faultPoint('volume-remove/begun');
      let rest: (() => Promise<void>) | undefined;
      try {
        rest = await drivers.named(driver).remove({ name, options });
      } catch (error) {
        const record = records.get(name);
        if (record !== undefined) records.put(name, { ...record, removing: false });
        if (!force || driver === 'local') throw new VolumeOperationError('remove', name, error);
      }
      faultPoint('volume-remove/discarded');
      records.delete(name);
      holders.forget(name);
      this.#paths.delete(name);
      return rest;
    });
    await finish?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#parts.closing.abort(new Error('the engine closes'));
    return Promise.resolve();
  }

  /** A volume that only its plugin knows is recorded first. */
  async #removable(name: string): Promise<VolumeRecord> {
    const { records } = this.#parts;
    const record = records.get(name);
    if (record === undefined) {
      const holder = await this.#findHolder(name);
      if (holder === undefined) throw new VolumeNotFoundError(name);
      await this.#register({ name }, holder.driver);
    }
    return records.known(name);
  }

  /** False when the record is of a volume that its plugin has lost: it is forgotten. Throws `VolumeNameTakenError`. */
  async #isThere(existing: VolumeInfo, wanted: VolumeDriver | undefined): Promise<boolean> {
    const { name, driver, usedBy } = existing;
    const taken = (fact: string): VolumeNameTakenError => new VolumeNameTakenError(name, fact);
    if (driver !== 'local') {
      const told = await this.#parts.drivers
        .named(driver)
        .get(name)
        .catch((error: unknown) => {
          const fact = `found reference to volume '${name}' in driver '${driver}', but got an error while checking the driver`;
          throw taken(`${fact}: ${errorMessage(error)}`);
        });
      if (told === undefined && usedBy.length > 0) {
        throw taken(
          `found references to volume '${name}' in driver '${driver}' but the volume was not found in the driver -- you may need to ` +
            'remove containers referencing this volume or force remove the volume to re-create it',
        );
      }
      if (told === undefined) {
        this.#parts.records.delete(name);
        return false;
      }
    }
    if (wanted !== undefined && wanted.name !== driver)
      throw taken(`driver '${driver}' already has volume '${name}'`);
    return true;
  }

  async #make(
    creation: VolumeCreation & { name: string },
    driver: VolumeDriver,
  ): Promise<{ volume: VolumeInfo; isNew: boolean }> {
    const { name, options = {} } = creation;
    const isKnown = await forCreation(name, async () => {
      if (driver.name !== 'local' && (await driver.get(name)) !== undefined) return true;
      await driver.create(name, options);
      return false;
    });
    faultPoint('volume-create/directory-made');
    await this.#register(creation, driver);
    return { volume: this.#info(name, this.#parts.records.known(name)), isNew: !isKnown };
  }

  async #register(
    { name, options = {}, labels = {}, anonymous = false }: VolumeCreation & { name: string },
    driver: VolumeDriver,
  ): Promise<void> {
    this.#parts.records.put(name, {
      driver: driver.name,
      options: { ...options },
      scope: await driver.scope(),
      createdAt: this.#parts.clock.now().toISOString(),
      labels: { ...labels },
      anonymous,
      usedBy: [],
      copying: false,
      removing: false,
    });
  }

  /** The plugin that has a volume of that name, recorded or not. One that cannot be asked has none. */
  async #findHolder(name: string): Promise<{ driver: VolumeDriver; volume: DriverVolume } | undefined> {
    for (const driver of await this.#parts.drivers.plugins()) {
      const volume = await driver.get(name).catch(() => undefined);
      if (volume !== undefined) return { driver, volume };
    }
    return undefined;
  }

  /** The plugins that answer, and those that do not but have volumes. */
  async #listable(recorded: Iterable<VolumeInfo>): Promise<VolumeDriver[]> {
    const { drivers } = this.#parts;
    const found = new Map((await drivers.plugins()).map((driver) => [driver.name, driver]));
    for (const { driver } of recorded) {
      if (driver !== 'local' && !found.has(driver)) found.set(driver, drivers.named(driver));
    }
    return [...found.values()];
  }

  async #foreign(driver: VolumeDriver, told: DriverVolume): Promise<VolumeDetails> {
    const nobody = { options: {}, labels: {}, anonymous: false, usedBy: [], heldBy: [] };
    const common = { name: told.name, driver: driver.name, scope: await driver.scope(), createdAt: '' };
    return this.#details({ ...common, ...nobody, mountpoint: '' }, told);
  }

  #details(info: VolumeInfo, { mountpoint, createdAt, status }: DriverVolume): VolumeDetails {
    return {
      ...info,
      mountpoint: mountpoint || info.mountpoint,
      createdAt: createdAt ?? info.createdAt,
      ...(status && { status }),
    };
  }

  #info(name: string, record: VolumeRecord): VolumeInfo {
    const { driver, options, scope, createdAt, labels, anonymous, usedBy } = record;
    const [mountpoint, heldBy] = [this.#pathOf(name), this.#parts.holders.of(name)];
    return { name, driver, options, scope, mountpoint, createdAt, labels, anonymous, usedBy, heldBy };
  }

  #pathOf(name: string): string {
    const { records, directory } = this.#parts;
    const isLocal = records.get(name)?.driver === 'local';
    return isLocal ? directory.dataPath(name) : (this.#paths.get(name) ?? '');
  }

  /** Where the image's content is gathered. */
  #copyPath(name: string): string {
    const { records, directory } = this.#parts;
    const isLocal = records.get(name)?.driver === 'local';
    return isLocal ? directory.copyPath(name) : directory.foreignCopyPath(name);
  }
}

/** What a driver throws, said of the creation that it was asked for. */
async function forCreation<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof InvalidVolumeNameError ? error : new VolumeOperationError('create', name, error);
  }
}

function isEmptyDirectory(place: string): boolean {
  using directory = Directory.openPath(place);
  return directory.names().length === 0;
}
