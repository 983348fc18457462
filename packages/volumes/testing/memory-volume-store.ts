import path from 'node:path';
import {
  VolumeDriverNotFoundError,
  VolumeInUseError,
  VolumeNotFoundError,
  VolumeOperationError,
} from '../src/errors.ts';
import { readLocalOptions } from '../src/local/local-options.ts';
import { anonymousVolumeName, assertVolumeName } from '../src/volume-name.ts';
import type { VolumeCreation, VolumeDetails, VolumeInfo, VolumeStore } from '../src/volume-store.ts';

/**
 * A fake: local volumes that are nothing but their names. Content is noted, not copied: `copies` lists what `copyUp` was
 * asked for. Every volume counts as one that needs a mount: `heldBy` says who has it.
 */
export class MemoryVolumeStore implements VolumeStore {
  readonly copies: { name: string; rootfs: string; path: string }[] = [];
  readonly #volumes = new Map<string, VolumeInfo>();
  readonly #root: string;

  constructor(root: string = '/nowhere/volumes') {
    this.#root = root;
  }

  create(creation: VolumeCreation): Promise<{ volume: VolumeInfo; isNew: boolean }> {
    return Promise.try(() => {
      const { name = anonymousVolumeName(), driver = 'local', options = {}, labels = {} } = creation;
      if (driver !== 'local') refuseDriver(name, driver);
      assertVolumeName(name);
      const existing = this.#volumes.get(name);
      if (existing !== undefined) return { volume: existing, isNew: false };
      checkOptions(name, options);
      const volume: VolumeInfo = {
        name,
        driver,
        options: { ...options },
        scope: 'local',
        mountpoint: path.join(this.#root, name, '_data'),
        createdAt: new Date(0).toISOString(),
        labels: { ...labels },
        anonymous: creation.anonymous ?? false,
        usedBy: [],
        heldBy: [],
      };
      this.#volumes.set(name, volume);
      return { volume, isNew: true };
    });
  }

  get(name: string): VolumeInfo | undefined {
    return this.#volumes.get(name);
  }

  list(): VolumeInfo[] {
    return [...this.#volumes.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  find(name: string): Promise<VolumeDetails | undefined> {
    return Promise.resolve(this.get(name));
  }

  findAll(): Promise<{ volumes: VolumeDetails[]; warnings: string[] }> {
    return Promise.resolve({ volumes: this.list(), warnings: [] });
  }

  driverNames(): string[] {
    return ['local'];
  }

  acquire(name: string, containerId: string): void {
    const volume = this.#known(name);
    if (volume.usedBy.includes(containerId)) return;
    this.#volumes.set(name, { ...volume, usedBy: [...volume.usedBy, containerId] });
  }

  release(name: string, containerId: string): void {
    const volume = this.#volumes.get(name);
    if (volume === undefined) return;
    this.#volumes.set(name, { ...volume, usedBy: volume.usedBy.filter((id) => id !== containerId) });
  }

  mount(name: string, holder: string): Promise<string> {
    return Promise.try(() => {
      const volume = this.#known(name);
      this.#volumes.set(name, { ...volume, heldBy: [...new Set([...volume.heldBy, holder])] });
      return volume.mountpoint;
    });
  }

  unmount(name: string, holder: string): Promise<void> {
    const volume = this.#volumes.get(name);
    if (volume !== undefined) {
      this.#volumes.set(name, { ...volume, heldBy: volume.heldBy.filter((id) => id !== holder) });
    }
    return Promise.resolve();
  }

  async keepMounts(holders: ReadonlySet<string>): Promise<void> {
    for (const { name, heldBy } of this.list()) {
      for (const holder of heldBy) if (!holders.has(holder)) await this.unmount(name, holder);
    }
  }

  copyUp(name: string, source: { rootfs: string; path: string }): Promise<void> {
    return Promise.try(() => {
      this.#known(name);
      if (!this.copies.some((copy) => copy.name === name)) this.copies.push({ name, ...source });
    });
  }

  remove(name: string): Promise<void> {
    return Promise.try(() => {
      const { usedBy } = this.#known(name);
      if (usedBy.length > 0) throw new VolumeInUseError(name, usedBy);
      this.#volumes.delete(name);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #known(name: string): VolumeInfo {
    const volume = this.#volumes.get(name);
    if (volume === undefined) throw new VolumeNotFoundError(name);
    return volume;
  }
}

function refuseDriver(name: string, driver: string): never {
  const missing = new VolumeDriverNotFoundError(
    driver,
    new Error(`plugin ${JSON.stringify(driver)} not found`),
  );
  throw new VolumeOperationError('create', name, missing);
}

function checkOptions(name: string, options: Readonly<Record<string, string>>): void {
  try {
    readLocalOptions(options);
  } catch (error) {
    throw new VolumeOperationError('create', name, error);
  }
}
