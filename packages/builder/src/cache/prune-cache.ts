import { type BuildCache, type CachedStep, cacheId } from './build-cache.ts';

/** What a prune of the cache takes. */
export interface CachePruning {
  /** Steps last used before then; all when missing. */
  before?: Date;
  /** Which steps it is about, by key; all when missing. */
  concerns?: (key: string, step: CachedStep) => boolean;
  /** Bytes that may stay: what was used last stays. 0 for nothing. */
  keepBytes: number;
}

export interface PrunedCache {
  readonly keys: readonly string[];
  /** Of the layers that went with their steps, each counted once. */
  readonly layers: ReadonlySet<string>;
}

/** Forgets steps, those first that nobody has used for the longest time; their layers go with the next collection. */
export function pruneCache(cache: BuildCache, { before, concerns, keepBytes }: CachePruning): PrunedCache {
  const entries = cache.entries().toSorted((a, b) => (a.step.usedAt < b.step.usedAt ? 1 : -1));
  const keys: string[] = [];
  const layers = new Set<string>();
  let keptBytes = 0;
  for (const { key, step } of entries) {
    const size = step.layer?.sizeBytes ?? 0;
    const concerned = concerns?.(key, step) ?? true;
    const isYoung = before !== undefined && step.usedAt >= before.toISOString();
    if (!concerned || isYoung || (keepBytes > 0 && keptBytes + size <= keepBytes)) {
      keptBytes += size;
      continue;
    }
    cache.delete(key);
    keys.push(cacheId(key));
    if (step.layer !== undefined) layers.add(step.layer.diffId);
  }
  return { keys, layers };
}
