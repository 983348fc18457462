import type { Filters, Volume } from '@gantry/api-types';
import { EngineError } from '@gantry/base';
import { type EventHub, publishVolumeEvent } from '@gantry/containers';
import type { VolumeBackend } from '@gantry/http-api';
import type { VolumeInfo, VolumeStore } from '@gantry/volumes';

type Matcher = (volume: VolumeInfo, value: string) => boolean;

const filterMatchers: Readonly<Record<string, Matcher>> = {
  driver: (volume, value) => volume.driver === value,
  name: (volume, value) => volume.name.includes(value),
  dangling: (volume, value) => (value === 'true' || value === '1') === (volume.usedBy.length === 0),
  label: (volume, value) => {
    const [key = '', wanted] = value.split(/=(.*)/s);
    const labels = anonymousLabels(volume);
    return Object.hasOwn(labels, key) && (wanted === undefined || labels[key] === wanted);
  },
};

/** The volume store in the Engine API's words. */
export class VolumeView implements VolumeBackend {
  readonly #store: VolumeStore;
  readonly #events: EventHub;

  constructor(store: VolumeStore, events: EventHub) {
    this.#store = store;
    this.#events = events;
  }

  list(filters: Filters): Promise<Volume[]> {
    for (const key of filters.keys()) {
      if (!(key in filterMatchers))
        throw new EngineError('invalid', 'invalid-filter', `invalid filter '${key}'`);
    }
    const matching = this.#store
      .list()
      .filter((volume) =>
        [...filters].every(([key, values]) =>
          values.some((value) => filterMatchers[key]?.(volume, value) === true),
        ),
      );
    return Promise.resolve(matching.map(wireVolume));
  }

  inspect(name: string): Promise<Volume> {
    const volume = this.#store.get(name);
    if (volume === undefined) return Promise.reject(notFound(name));
    return Promise.resolve(wireVolume(volume));
  }

  async create(options: { name?: string; labels?: Record<string, string> }): Promise<Volume> {
    const anonymous = options.name === undefined || options.name === '';
    const isNew = anonymous || this.#store.get(options.name ?? '') === undefined;
    const volume = await this.#store.create({ ...options, anonymous });
    if (isNew) publishVolumeEvent(this.#events, volume.name, 'create');
    return wireVolume(volume);
  }

  async remove(name: string, options: { force: boolean }): Promise<void> {
    if (this.#store.get(name) === undefined) {
      if (options.force) return;
      throw notFound(name);
    }
    await this.#store.remove(name);
    publishVolumeEvent(this.#events, name, 'destroy');
  }
}

function notFound(name: string): EngineError {
  return new EngineError('not-found', 'volume-not-found', `get ${name}: no such volume`, {
    details: { volume: name },
  });
}

/** With Docker's own label on a volume that was made without a name. */
export function anonymousLabels({ anonymous, labels }: VolumeInfo): Record<string, string> {
  return anonymous ? { 'com.docker.volume.anonymous': '', ...labels } : { ...labels };
}

/** A volume in the API's words. */
export function wireVolume(volume: VolumeInfo): Volume {
  return {
    CreatedAt: volume.createdAt,
    Driver: volume.driver,
    Labels: anonymousLabels(volume),
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: {},
    Scope: 'local',
  };
}
