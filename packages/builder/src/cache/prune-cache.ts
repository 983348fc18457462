import { type BuildCache, type CachedStep, cacheId } from './build-cache.ts';
import type { CacheMounts } from './cache-mounts.ts';

/** Something in the cache: a step, or the directory of a cache mount. */
export type CacheEntry = Pick<CachedStep, 'layer' | 'description' | 'createdAt' | 'usedAt' | 'uses'> & {
  readonly type: NonNullable<CachedStep['type']> | 'regular' | 'exec.cachemount';
  readonly sizeBytes: number;
  readonly inUse: boolean;
};

/** What a prune of the cache takes. */
export interface CachePruning {
  /** What was last used before then; all when missing. */
  before?: Date;
  /** What it is about, by key; all when missing. */
  concerns?: (key: string, entry: CacheEntry) => boolean;
  /** Bytes of the whole cache that may stay, what was used last first; 0 for none. A function is told what the cache has. */
  keepBytes: number | ((totalBytes: number) => number);
}

export interface PrunedCache {
  readonly keys: readonly string[];
  /** Of the layers that went with their steps, each counted once. */
  readonly layers: ReadonlySet<string>;
  /** Of the directories of cache mounts; they are gone. */
  readonly mountBytes: number;
}

/** Everything in the cache, by key. Measures the cache mounts. */
export async function cacheEntries(
  cache: BuildCache,
  mounts: CacheMounts,
): Promise<{ key: string; entry: CacheEntry }[]> {
  const steps = cache.entries().map(({ key, step }) => ({
    key,
    entry: {
      ...step,
      type: step.type ?? 'regular',
      sizeBytes: step.layer?.sizeBytes ?? 0,
      inUse: false,
    } as const,
  }));
  const directories = (await mounts.usage()).map(({ name, id, ...usage }) => ({
    key: name,
    entry: { ...usage, type: 'exec.cachemount', description: `cached mount ${id}` } as const,
  }));
  return [...steps, ...directories];
}

/**
 * Forgets steps and removes cache mounts that nobody uses now, those first that nobody has used for the longest time, until no more is
 * left than may stay; layers of steps go with the next collection.
 */
export async function pruneCache(
  { cache, cacheMounts }: { cache: BuildCache; cacheMounts: CacheMounts },
  { before, concerns, keepBytes: bound }: CachePruning,
): Promise<PrunedCache> {
  const all = await cacheEntries(cache, cacheMounts);
  let leftBytes = all.reduce((sum, { entry }) => sum + entry.sizeBytes, 0);
  const keepBytes = typeof bound === 'function' ? bound(leftBytes) : bound;
  const keys: string[] = [];
  const layers = new Set<string>();
  let mountBytes = 0;
  for (const { key, entry } of all.toSorted((a, b) => (a.entry.usedAt < b.entry.usedAt ? -1 : 1))) {
    if (keepBytes > 0 && leftBytes <= keepBytes) break;
    const isYoung = before !== undefined && entry.usedAt >= before.toISOString();
    if (isYoung || concerns?.(key, entry) === false) continue;
    if (entry.type === 'exec.cachemount') {
      if (!(await cacheMounts.delete(key))) continue;
      mountBytes += entry.sizeBytes;
    } else cache.delete(key);
    leftBytes -= entry.sizeBytes;
    keys.push(cacheId(key));
    if (entry.layer !== undefined) layers.add(entry.layer.diffId);
  }
  return { keys, layers, mountBytes };
}
