import type { Collection, MetadataStore } from '@gantry/state';
import type { Container } from '../container.ts';
import type { HealthState } from './health-state.ts';

/** The health of containers beyond the life of an engine: not in their records, which each change would write anew. */
export class HealthStore {
  readonly #collection: Collection<HealthState>;

  constructor(store: MetadataStore) {
    // A power cut ends every run, and the next begins anew.
    this.#collection = store.collection<HealthState>('health', { version: 1, lasts: 'boot' });
  }

  save(container: Container, state: HealthState): void {
    this.#collection.put(container.id, state);
    container.health = state;
  }

  /** At start-up: gives each container its health, and forgets that of containers that are gone. */
  restore(findContainer: (id: string) => Container | undefined): void {
    for (const { key, document } of this.#collection.entries()) {
      const container = findContainer(key);
      if (container === undefined) this.#collection.delete(key);
      else container.health = document;
    }
  }

  /** Idempotent. */
  forget({ id }: Container): void {
    this.#collection.delete(id);
  }
}
