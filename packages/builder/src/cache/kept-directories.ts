import type { PlainLayer } from '@gantry/images';
import type { Digest } from '@gantry/oci';
import type { Collection, MetadataStore } from '@gantry/state';
import { BuildCache } from './build-cache.ts';

/** Directories that clients sent, as layers: the first whole, each further one what changed. The build cache keeps the layers. */
export class KeptDirectories {
  readonly #directories: Collection<{ layers: PlainLayer[] }>;
  readonly #cache: BuildCache;

  constructor(store: MetadataStore, cache: BuildCache) {
    this.#directories = store.collection('build-directories', { version: 1 });
    this.#cache = cache;
  }

  /** Base first; empty when nothing, or not everything, is kept. */
  find(sharedKey: string, name: string): readonly PlainLayer[] {
    const layers = this.#directories.get(keyOf(sharedKey, name))?.layers ?? [];
    return layers.every(({ diffId }) => this.#cache.find(layerKey(diffId)) !== undefined) ? layers : [];
  }

  /** Forgets the layers that the last one had and this one has not. */
  put(sharedKey: string, name: string, layers: readonly PlainLayer[]): void {
    const key = keyOf(sharedKey, name);
    const stays = new Set(layers.map(({ diffId }) => diffId));
    for (const { diffId } of this.#directories.get(key)?.layers ?? [])
      if (!stays.has(diffId)) this.#cache.delete(layerKey(diffId));
    for (const layer of layers)
      this.#cache.put(layerKey(layer.diffId), {
        layer,
        description: `local source for ${name}`,
        type: 'source.local',
      });
    this.#directories.put(key, { layers: [...layers] });
  }
}

function keyOf(sharedKey: string, name: string): string {
  return BuildCache.key(['directory', sharedKey, name]);
}

function layerKey(diffId: Digest): string {
  return BuildCache.key(['directory-layer', diffId]);
}
