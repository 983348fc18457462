import type { Filters, Volume } from '@gantry/api-types';
import { type EventHub, publishVolumeEvent } from '@gantry/containers';
import type { VolumeBackend } from '@gantry/http-api';
import { VolumeNotFoundError, type VolumeStore } from '@gantry/volumes';
import { compileVolumeFilters } from './volume-filters.ts';
import { wireVolume } from './wire-volume.ts';

/** The volume store in the Engine API's words. */
export class VolumeView implements VolumeBackend {
  readonly #store: VolumeStore;
  readonly #events: EventHub;

  constructor(store: VolumeStore, events: EventHub) {
    this.#store = store;
    this.#events = events;
  }

  async list(filters: Filters): Promise<{ Volumes: Volume[]; Warnings: string[] }> {
    const isWanted = compileVolumeFilters(filters);
    const { volumes, warnings } = await this.#store.findAll();
    return { Volumes: volumes.filter(isWanted).map(wireVolume), Warnings: warnings };
  }

  async inspect(name: string): Promise<Volume> {
    const volume = await this.#store.find(name);
    if (volume === undefined) throw new VolumeNotFoundError(name);
    return wireVolume(volume);
  }

  async create(options: Parameters<VolumeBackend['create']>[0]): Promise<Volume> {
    const { name = '', driver = '', options: driverOptions, labels } = options;
    const { volume, isNew } = await this.#store.create({
      ...(name !== '' && { name }),
      ...(driver !== '' && { driver }),
      ...(driverOptions && { options: driverOptions }),
      ...(labels && { labels }),
      anonymous: name === '',
    });
    if (isNew) publishVolumeEvent(this.#events, volume, 'create');
    return wireVolume(volume);
  }

  async remove(name: string, { force }: { force: boolean }): Promise<void> {
    const known = this.#store.get(name) ?? (await this.#store.find(name));
    if (known === undefined) {
      if (force) return;
      throw new VolumeNotFoundError(name);
    }
    await this.#store.remove(name, { force });
    publishVolumeEvent(this.#events, known, 'destroy');
  }
}
