import type { Collection, MetadataStore } from '@gantry/state';
import { migrateSandbox, type SandboxRecord } from './sandbox-record.ts';

const maxStale = 64;

/**
 * The records of sandboxes. What they describe is in the kernel and ends with it, so that they last for a boot. Records of
 * sandboxes that are gone go with the next change: a start-up pass would drop them too.
 */
export class SandboxStore {
  readonly #store: Pick<MetadataStore, 'transaction'>;
  readonly #collection: Collection<SandboxRecord>;
  readonly #stale = new Set<string>();

  constructor(store: MetadataStore) {
    this.#store = store;
    this.#collection = store.collection<SandboxRecord>('network-endpoints', {
      version: 2,
      lasts: 'boot',
      migrate: migrateSandbox,
    });
  }

  all(): SandboxRecord[] {
    return this.#collection.entries().map(({ document }) => document);
  }

  /** One change that survives this process, made before anything of it is in the kernel. */
  put(record: SandboxRecord): void {
    this.#stale.delete(record.containerId);
    this.#change(record);
  }

  /** Soon. */
  drop(containerId: string): void {
    this.#stale.add(containerId);
    if (this.#stale.size >= maxStale) this.#change();
  }

  flush(): void {
    if (this.#stale.size > 0) this.#change();
  }

  #change(record?: SandboxRecord): void {
    const change = (): void => {
      for (const containerId of this.#stale) this.#collection.delete(containerId);
      if (record !== undefined) this.#collection.put(record.containerId, record);
    };
    this.#store.transaction(change, { lasts: 'boot' });
    this.#stale.clear();
  }
}
