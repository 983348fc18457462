import type { Collection, MetadataStore } from '@gantry/state';

/**
 * Who has which volume mounted. Survives the engine; after a power cut nothing is mounted, and the last changes do not matter.
 */
export class VolumeHolders {
  readonly #collection: Collection<{ holders: readonly string[] }>;
  readonly #holders: Map<string, readonly string[]>;

  constructor(store: MetadataStore) {
    this.#collection = store.collection('volume-holders', { version: 1, lasts: 'boot' });
    this.#holders = new Map(this.#collection.entries().map(({ key, document }) => [key, document.holders]));
  }

  /** Volumes that somebody holds. */
  names(): string[] {
    return [...this.#holders.keys()];
  }

  of(name: string): readonly string[] {
    return this.#holders.get(name) ?? [];
  }

  add(name: string, holder: string): void {
    if (!this.of(name).includes(holder)) this.#put(name, [...this.of(name), holder]);
  }

  remove(name: string, holder: string): void {
    if (this.of(name).includes(holder)) {
      this.#put(
        name,
        this.of(name).filter((other) => other !== holder),
      );
    }
  }

  /** The volume is gone. */
  forget(name: string): void {
    if (this.#holders.has(name)) this.#put(name, []);
  }

  #put(name: string, holders: readonly string[]): void {
    if (holders.length > 0) {
      this.#collection.put(name, { holders });
      this.#holders.set(name, holders);
    } else {
      this.#collection.delete(name);
      this.#holders.delete(name);
    }
  }
}
