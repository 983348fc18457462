import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '@gantry/base';
import type { PlainLayer } from '@gantry/images';
import type { Digest } from '@gantry/oci';
import type { Collection, MetadataStore } from '@gantry/state';

/** What lies in the cache, by the Engine API's names. */
export type CacheType = 'regular' | 'source.local' | 'source.git.checkout' | 'exec.cachemount';

/** What one step made, by everything that it was made from. */
export interface CachedStep {
  /** `regular` when missing. */
  type?: Exclude<CacheType, 'regular'>;
  /** Undefined: the step changed nothing. */
  layer?: PlainLayer;
  /** The instruction, for people. */
  description: string;
  createdAt: string;
  usedAt: string;
  uses: number;
}

/** What a step is called in lists. */
export function cacheId(key: string): string {
  return key.slice(0, 25);
}

/** Layers that the cache of a store keeps, of an engine that does not run. */
export function cachedLayers(store: MetadataStore): Digest[] {
  return new BuildCache(store, systemClock).layers();
}

/** A step's inputs, as they go into its key: any JSON. */
export type StepInputs = readonly (string | number | boolean | null | readonly unknown[] | object)[];

/**
 * Steps that were done, by the digest of their inputs: it outlives engines, and the images that were made of it. A layer stays on
 * disk as long as its step is here.
 */
export class BuildCache {
  readonly #store: MetadataStore;
  readonly #steps: Collection<CachedStep>;
  readonly #clock: Clock;

  constructor(store: MetadataStore, clock: Clock) {
    this.#store = store;
    this.#steps = store.collection<CachedStep>('build-steps', { version: 1 });
    this.#clock = clock;
  }

  static key(inputs: StepInputs): string {
    return createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
  }

  /** The step, if it was done; that it was used is remembered. */
  find(key: string): CachedStep | undefined {
    const step = this.#steps.get(key);
    if (step === undefined) return undefined;
    const used = { ...step, usedAt: this.#clock.now().toISOString(), uses: step.uses + 1 };
    // A power cut may undo that it was used: nobody waits for the disk.
    this.#store.transaction(() => this.#steps.put(key, used), { sync: 'later' });
    return used;
  }

  /** Returns it as it is remembered; `createdAt` is now when missing. */
  put(
    key: string,
    step: Pick<CachedStep, 'layer' | 'description' | 'type'> & { createdAt?: string },
  ): CachedStep {
    const now = this.#clock.now().toISOString();
    const { layer, description, type, createdAt } = step;
    const remembered = {
      ...(layer && { layer }),
      ...(type && { type }),
      description,
      createdAt: createdAt ?? now,
      usedAt: now,
      uses: 0,
    };
    this.#steps.put(key, remembered);
    return remembered;
  }

  /** Layers that must stay. */
  layers(): Digest[] {
    return this.#steps.entries().flatMap(({ document }) => (document.layer ? [document.layer.diffId] : []));
  }

  entries(): { key: string; step: CachedStep }[] {
    return this.#steps.entries().map(({ key, document }) => ({ key, step: document }));
  }

  delete(key: string): void {
    this.#steps.delete(key);
  }
}
