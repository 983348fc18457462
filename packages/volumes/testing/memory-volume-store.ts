import path from 'node:path';
import { VolumeInUseError, VolumeNotFoundError } from '../src/errors.ts';
import { anonymousVolumeName, assertVolumeName } from '../src/volume-name.ts';
import type { VolumeInfo, VolumeStore } from '../src/volume-store.ts';

/**
 * A fake: volumes that are nothing but their names. Content is noted, not copied: `copies` lists what `copyUp` was
 * asked for, a volume's first time only.
 */
export class MemoryVolumeStore implements VolumeStore {
  readonly copies: { name: string; rootfs: string; path: string }[] = [];
  readonly #volumes = new Map<string, VolumeInfo>();
  readonly #root: string;

  constructor(root: string = '/nowhere/volumes') {
    this.#root = root;
  }

  create({
    name = anonymousVolumeName(),
    labels = {},
    anonymous = false,
  }: Parameters<VolumeStore['create']>[0]): Promise<VolumeInfo> {
    return Promise.try(() => {
      assertVolumeName(name);
      const existing = this.#volumes.get(name);
      if (existing !== undefined) return existing;
      const mountpoint = path.join(this.#root, name, '_data');
      const createdAt = new Date(0).toISOString();
      const volume = {
        name,
        driver: 'local',
        mountpoint,
        createdAt,
        labels: { ...labels },
        anonymous,
        usedBy: [],
      } as const;
      this.#volumes.set(name, volume);
      return volume;
    });
  }

  get(name: string): VolumeInfo | undefined {
    return this.#volumes.get(name);
  }

  list(): VolumeInfo[] {
    return [...this.#volumes.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
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

  #known(name: string): VolumeInfo {
    const volume = this.#volumes.get(name);
    if (volume === undefined) throw new VolumeNotFoundError(name);
    return volume;
  }
}
