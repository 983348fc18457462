import type { Collection } from '@gantry/state';
import { VolumeNotFoundError } from './errors.ts';
import type { VolumeRecord } from './volume-record.ts';

/** The records of all volumes, in memory and durable. */
export class VolumeRecords {
  readonly #collection: Collection<VolumeRecord>;
  readonly #records: Map<string, VolumeRecord>;

  constructor(collection: Collection<VolumeRecord>) {
    this.#collection = collection;
    this.#records = new Map(collection.entries().map(({ key, document }) => [key, document]));
  }

  /** Of volumes that are being removed too. */
  entries(): [string, VolumeRecord][] {
    return [...this.#records];
  }

  get(name: string): VolumeRecord | undefined {
    return this.#records.get(name);
  }

  /** Throws `VolumeNotFoundError`, for a volume that is being removed too. */
  known(name: string): VolumeRecord {
    const record = this.#records.get(name);
    if (record === undefined || record.removing) throw new VolumeNotFoundError(name);
    return record;
  }

  put(name: string, record: VolumeRecord): void {
    this.#collection.put(name, record);
    this.#records.set(name, record);
  }

  change(name: string, change: Partial<VolumeRecord>): void {
    this.put(name, { ...this.known(name), ...change });
  }

  delete(name: string): void {
    this.#collection.delete(name);
    this.#records.delete(name);
  }
}
