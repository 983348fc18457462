import type { Collection, MetadataStore } from '@gantry/state';
import { BuildCache, type StepInputs } from './build-cache.ts';

/** From so many on it begins anew. */
const maxDigests = 20_000;

/**
 * Digests of files, by what they were computed from: layers never change, so that what was read of them once need not be read again.
 * Nothing is lost when one is forgotten.
 */
export class KnownDigests {
  readonly #store: MetadataStore;
  readonly #digests: Collection<{ digest: string }>;
  #count: number;

  constructor(store: MetadataStore) {
    this.#store = store;
    this.#digests = store.collection('build-digests', { version: 1 });
    this.#count = this.#digests.entries().length;
  }

  /** The digest, computed unless it is known. `inputs` say all that it depends on. Throws what `compute` throws. */
  async of(inputs: StepInputs, compute: () => Promise<string>): Promise<string> {
    const key = BuildCache.key(inputs);
    const known = this.#digests.get(key);
    if (known !== undefined) return known.digest;
    const digest = await compute();
    this.#store.transaction(() => this.#put(key, digest), { sync: 'later' });
    return digest;
  }

  #put(key: string, digest: string): void {
    if (this.#count >= maxDigests) {
      for (const entry of this.#digests.entries()) this.#digests.delete(entry.key);
      this.#count = 0;
    }
    this.#digests.put(key, { digest });
    this.#count += 1;
  }
}
