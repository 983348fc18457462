import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { faultPoint, type Logger } from '@gantry/base';
import { fileSystemOf, isErrno, type ProjectQuotas, type Trash } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import { readBootId } from '../boot-id.ts';
import {
  InvalidSnapshotIdError,
  SizeLimitUnsupportedError,
  SnapshotExistsError,
  SnapshotNotFoundError,
} from '../errors.ts';
import { syncAll } from '../layers/durable-file.ts';
import type { SnapshotDriver } from './snapshot-driver.ts';
import { readSnapshotRecord, type SnapshotRecord } from './snapshot-record.ts';

export interface WritableStoreOptions {
  /** The snapshotter's root; `writable/` lies in it. */
  root: string;
  logger: Logger;
  trash: Trash;
  driver: SnapshotDriver;
  /** Where the file system has them. */
  quotas: ProjectQuotas | undefined;
}

/** A file name, and short enough to stay one: container ids, names of build steps. */
const idGrammar = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$/;

/** The folders and records of writable snapshots: `writable/<id>/snapshot.json`. */
export class WritableStore {
  readonly #options: WritableStoreOptions;
  readonly #bootId: string;
  readonly #records = new Map<string, SnapshotRecord>();

  private constructor(options: WritableStoreOptions, bootId: string) {
    this.#options = options;
    this.#bootId = bootId;
  }

  /** Takes up what is there. Throws away what was half made, and volatile snapshots of an earlier boot. */
  static async open(options: WritableStoreOptions): Promise<WritableStore> {
    const store = new WritableStore(options, await readBootId());
    const folder = path.join(options.root, 'writable');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(folder)) await store.#load(name);
    return store;
  }

  ids(): string[] {
    return [...this.#records.keys()];
  }

  /** Ids of the snapshots that stand on a layer. */
  usersOf(diffId: Digest): string[] {
    return [...this.#records.values()].filter((record) => record.layers.includes(diffId)).map(({ id }) => id);
  }

  /** All layers that a snapshot stands on. */
  usedLayers(): Set<Digest> {
    return new Set([...this.#records.values()].flatMap(({ layers }) => layers));
  }

  folderOf(id: string): string {
    return path.join(this.#options.root, 'writable', id);
  }

  find(id: string): SnapshotRecord | undefined {
    return this.#records.get(id);
  }

  /** Throws `SnapshotNotFoundError`. */
  get(id: string): SnapshotRecord {
    const record = this.#records.get(id);
    if (record === undefined) throw new SnapshotNotFoundError(id);
    return record;
  }

  /**
   * Makes a snapshot's folder, fills it and commits its record; in use by its layers from the first moment. Throws
   * `InvalidSnapshotIdError`, `SnapshotExistsError`, `SizeLimitUnsupportedError`, and what `fill` throws: then nothing is left.
   */
  async create(
    id: string,
    settings: Pick<SnapshotRecord, 'layers' | 'volatile' | 'sizeBytes' | 'idMaps'>,
    fill: (folder: string) => Promise<Pick<SnapshotRecord, 'base'>>,
  ): Promise<void> {
    if (!idGrammar.test(id)) throw new InvalidSnapshotIdError(id);
    if (this.#records.has(id)) throw new SnapshotExistsError(id);
    const boot = settings.volatile ? { bootId: this.#bootId } : {};
    const record: SnapshotRecord = { version: 1, id, ...settings, ...boot };
    this.#records.set(id, record);
    const folder = this.folderOf(id);
    try {
      mkdirSync(folder, { mode: 0o700 });
      await this.holdToSize(record);
      faultPoint('snapshot-create/limited');
      Object.assign(record, await fill(folder));
      faultPoint('snapshot-create/filled');
      await this.#commit(folder, record);
    } catch (error) {
      this.#records.delete(id);
      this.#throwAway(folder);
      throw isErrno(error, 'EEXIST') ? new SnapshotExistsError(id) : error;
    }
  }

  /**
   * Sees to it that the snapshot holds no more than its record says. Idempotent, and cheap where nothing has changed. Throws
   * `SizeLimitUnsupportedError`.
   */
  async holdToSize({ id, sizeBytes = 0 }: SnapshotRecord): Promise<void> {
    const { quotas, root } = this.#options;
    if (sizeBytes === 0) return;
    if (quotas === undefined) throw new SizeLimitUnsupportedError(root, fileSystemOf(root).type);
    await quotas.limit(this.folderOf(id), sizeBytes);
  }

  /** Idempotent; the snapshot is not mounted any more. */
  remove(id: string): void {
    if (!this.#records.delete(id)) return;
    this.#throwAway(this.folderOf(id));
  }

  /** Its project is another's as soon as the last file is deleted. */
  #throwAway(folder: string): void {
    this.#options.quotas?.release(folder);
    this.#options.trash.throwAway(folder);
  }

  /** A volatile snapshot need not survive the host, so nothing waits for the medium. */
  async #commit(folder: string, record: SnapshotRecord): Promise<void> {
    const file = path.join(folder, 'snapshot.json');
    // Not by way of another name: half a record is no record, and then the folder is thrown away.
    writeFileSync(file, JSON.stringify(record), { mode: 0o600, flag: 'wx' });
    faultPoint('snapshot-create/recorded');
    if (!record.volatile) await syncAll([file, folder, path.dirname(folder)]);
  }

  async #load(name: string): Promise<void> {
    const folder = this.folderOf(name);
    const record = await readSnapshotRecord(path.join(folder, 'snapshot.json'));
    if ('fault' in record) {
      this.#loadDamaged(name, record.fault);
    } else if (record.bootId !== undefined && record.bootId !== this.#bootId) {
      this.#options.logger.warn('a volatile snapshot did not survive the restart of the host', {
        snapshotId: name,
      });
      this.#throwAway(folder);
    } else {
      this.#records.set(name, record);
    }
  }

  /** Somebody may be running in it: then it stays until it is removed. */
  #loadDamaged(name: string, reason: string): void {
    const folder = this.folderOf(name);
    const isMounted = this.#options.driver.isMounted(folder);
    this.#options.logger.warn('a snapshot has no valid record', { snapshotId: name, reason, isMounted });
    if (isMounted) this.#records.set(name, { version: 1, id: name, layers: [], volatile: false });
    else this.#throwAway(folder);
  }
}
