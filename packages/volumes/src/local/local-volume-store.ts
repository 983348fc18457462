import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Clock, errorMessage, faultPoint, KeyedLock, type Logger } from '@gantry/base';
import type { Collection, MetadataStore } from '@gantry/state';
import { VolumeInUseError, VolumeNotFoundError } from '../errors.ts';
import { anonymousVolumeName, assertVolumeName } from '../volume-name.ts';
import type { VolumeInfo, VolumeStore } from '../volume-store.ts';
import { bringIn, type CopySource, gather } from './copy-up.ts';
import { VolumeDirectory } from './volume-directory.ts';

export interface VolumeStoreOptions {
  /** Directory of the volumes, made when missing. */
  root: string;
  store: MetadataStore;
  clock: Clock;
  logger: Logger;
}

interface VolumeRecord {
  createdAt: string;
  labels: Readonly<Record<string, string>>;
  anonymous: boolean;
  usedBy: readonly string[];
  /** `moving`: an image's content lies complete in `_copy` and moves into the volume. `filled`: it did. */
  content: 'fresh' | 'moving' | 'filled';
  /** The removal has begun and will be finished. */
  removing: boolean;
}

/**
 * Opens the volumes below `root`, and first finishes what an engine that was killed had begun: a removal, a copy-up. A
 * directory that no record knows becomes a volume when it holds anything (a store was lost, the data were not), and goes
 * when it is empty (a creation that nobody was told of).
 */
export async function openVolumeStore(options: VolumeStoreOptions): Promise<VolumeStore> {
  const volumes = new LocalVolumeStore(options);
  await volumes.startUp();
  return volumes;
}

class LocalVolumeStore implements VolumeStore {
  readonly #directory: VolumeDirectory;
  readonly #collection: Collection<VolumeRecord>;
  readonly #records: Map<string, VolumeRecord>;
  readonly #lock = new KeyedLock();
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor({ root, store, clock, logger }: VolumeStoreOptions) {
    this.#directory = new VolumeDirectory(root);
    this.#collection = store.collection<VolumeRecord>('volumes', { version: 1 });
    this.#records = new Map(this.#collection.entries().map(({ key, document }) => [key, document]));
    this.#clock = clock;
    this.#logger = logger.child({ component: 'volumes' });
  }

  async startUp(): Promise<void> {
    for (const [name, record] of this.#records) {
      try {
        await this.#finish(name, record);
      } catch (error) {
        this.#logger.error('the volume is damaged', { volumeName: name, error: errorMessage(error) });
      }
    }
    for (const name of this.#directory.names()) {
      if (!this.#records.has(name)) await this.#adopt(name);
    }
    await this.#directory.emptyTrash();
  }

  async create({
    name = anonymousVolumeName(),
    labels = {},
    anonymous = false,
  }: Parameters<VolumeStore['create']>[0]): Promise<VolumeInfo> {
    assertVolumeName(name);
    return await this.#lock.run(name, () => {
      const existing = this.get(name);
      if (existing !== undefined) return existing;
      this.#directory.make(name);
      faultPoint('volume-create/directory-made');
      this.#put(name, {
        createdAt: this.#clock.now().toISOString(),
        labels: { ...labels },
        anonymous,
        usedBy: [],
        content: 'fresh',
        removing: false,
      });
      return this.#info(name, this.#known(name));
    });
  }

  get(name: string): VolumeInfo | undefined {
    const record = this.#records.get(name);
    return record === undefined || record.removing ? undefined : this.#info(name, record);
  }

  list(): VolumeInfo[] {
    return [...this.#records.keys()].sort().flatMap((name) => this.get(name) ?? []);
  }

  acquire(name: string, containerId: string): void {
    const record = this.#known(name);
    if (record.usedBy.includes(containerId)) return;
    this.#put(name, { ...record, usedBy: [...record.usedBy, containerId] });
  }

  release(name: string, containerId: string): void {
    const record = this.#records.get(name);
    if (record?.usedBy.includes(containerId) !== true) return;
    this.#put(name, { ...record, usedBy: record.usedBy.filter((id) => id !== containerId) });
  }

  async copyUp(name: string, source: CopySource): Promise<void> {
    await this.#lock.run(name, async () => {
      if (this.#known(name).content !== 'fresh' || !this.#directory.isEmpty(name)) return;
      if (!(await gather(source, this.#directory.copyPath(name)))) return;
      this.#put(name, { ...this.#known(name), content: 'moving' });
      faultPoint('volume-copy/gathered');
      await this.#finishCopy(name);
    });
  }

  async remove(name: string): Promise<void> {
    const trash = await this.#lock.run(name, () => {
      const record = this.#known(name);
      if (record.usedBy.length > 0) throw new VolumeInUseError(name, record.usedBy);
      this.#put(name, { ...record, removing: true });
      faultPoint('volume-remove/begun');
      return this.#finishRemoval(name);
    });
    if (trash !== undefined) await this.#directory.emptyTrash(trash);
  }

  async #finish(name: string, record: VolumeRecord): Promise<void> {
    if (record.removing) {
      this.#finishRemoval(name);
      return;
    }
    if (!this.#directory.has(name)) {
      this.#logger.error('the directory of the volume is gone: made anew, empty', { volumeName: name });
      this.#directory.make(name);
    }
    if (record.content === 'moving') await this.#finishCopy(name);
    else await rm(this.#directory.copyPath(name), { recursive: true, force: true });
  }

  async #finishCopy(name: string): Promise<void> {
    const copyPath = this.#directory.copyPath(name);
    if (existsSync(copyPath)) await bringIn(copyPath, this.#directory.dataPath(name));
    faultPoint('volume-copy/brought-in');
    const content = this.#directory.isEmpty(name) ? 'fresh' : 'filled';
    this.#put(name, { ...this.#known(name), content });
  }

  #finishRemoval(name: string): string | undefined {
    const trash = this.#directory.discard(name);
    faultPoint('volume-remove/discarded');
    this.#collection.delete(name);
    this.#records.delete(name);
    return trash;
  }

  async #adopt(name: string): Promise<void> {
    if (!this.#directory.has(name) || this.#directory.isEmpty(name)) {
      try {
        await this.#directory.removeEmpty(name);
        return;
      } catch (error) {
        this.#logger.warn('a directory among the volumes is none', {
          volumeName: name,
          error: errorMessage(error),
        });
        return;
      }
    }
    this.#logger.warn('took over a volume that no record knows', { volumeName: name });
    this.#put(name, {
      createdAt: this.#clock.now().toISOString(),
      labels: {},
      anonymous: false,
      usedBy: [],
      content: 'filled',
      removing: false,
    });
  }

  #known(name: string): VolumeRecord {
    const record = this.#records.get(name);
    if (record === undefined || record.removing) throw new VolumeNotFoundError(name);
    return record;
  }

  #put(name: string, record: VolumeRecord): void {
    this.#collection.put(name, record);
    this.#records.set(name, record);
  }

  #info(name: string, { createdAt, labels, anonymous, usedBy }: VolumeRecord): VolumeInfo {
    const mountpoint = this.#directory.dataPath(name);
    return { name, driver: 'local', mountpoint, createdAt, labels, anonymous, usedBy };
  }
}
