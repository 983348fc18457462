import type { Filters } from '@gantry/api-types';
import { type Clock, parseGoDuration } from '@gantry/base';
import { type CacheEntry, type CachePruning, cacheId } from '@gantry/builder';
import { InvalidFilterError } from '@gantry/containers';

/** Docker's filters of the build cache, each on one of its values. Nothing here is shared or has labels. */
const filterMatches: Readonly<Record<string, (value: string, key: string, entry: CacheEntry) => boolean>> = {
  id: (value, key) => cacheId(key).startsWith(value),
  description: (value, _key, { description }) => description.includes(value),
  type: (value, _key, { type }) => value === type,
  inuse: (value, _key, { inUse }) => isFalse(value) !== inUse,
  mutable: (value, _key, entry) => isFalse(value) !== isMutable(entry),
  immutable: (value, _key, entry) => isFalse(value) === isMutable(entry),
  shared: isFalse,
  private: (value) => !isFalse(value),
  parents: () => false,
  label: () => false,
  'label!': () => true,
};

/** How much of the cache a prune leaves: what is 0 or missing bounds nothing. */
export interface CacheBounds {
  /** So much stays whatever the others say. */
  readonly reservedBytes?: number;
  readonly maxUsedBytes?: number;
  /** So much of the file system shall be free. */
  readonly minFreeBytes?: number;
}

export interface PruneContext {
  /** Steps whose layers are in it stay. */
  readonly kept: ReadonlySet<string>;
  /** What is free in the file system of the cache. */
  readonly freeBytes: () => number;
  readonly clock: Clock;
}

/** What a prune of the build cache takes, from its filters and bounds. Throws `InvalidFilterError` in Docker's words. */
export function cachePruning(
  filters: Filters,
  bounds: CacheBounds,
  { kept, freeBytes, clock }: PruneContext,
): CachePruning {
  const { age, others } = checkCacheFilters(filters);
  return {
    keepBytes: (totalBytes) => keptBytes(bounds, { totalBytes, freeBytes }),
    ...(age !== undefined && { before: new Date(clock.now().getTime() - age) }),
    concerns: (key, entry) =>
      !kept.has(entry.layer?.diffId ?? '') &&
      others.every(([name, values]) =>
        values.some((value) => matchesCacheFilter(name, value, { key, entry })),
      ),
  };
}

/**
 * The age in milliseconds that `until` or `unused-for` says, and all other filters. Throws `InvalidFilterError` for one that the cache does
 * not have.
 */
export function checkCacheFilters(filters: Filters): { age?: number; others: [string, readonly string[]][] } {
  const isAge = (name: string): boolean => name === 'until' || name === 'unused-for';
  const others = [...filters].filter(([name]) => !isAge(name));
  for (const [name] of others) {
    if (!Object.hasOwn(filterMatches, name) && !Object.hasOwn(filterMatches, name.replace(/!$/, '')))
      throw new InvalidFilterError(`invalid filter '${name}'`);
  }
  const [age] = [...filters].flatMap(([name, values]) => (isAge(name) ? values : []));
  return { others, ...(age !== undefined && { age: ageMs(age) }) };
}

/** Whether an entry of the cache is one that a filter is about; `name!` turns it around. */
function matchesCacheFilter(
  name: string,
  value: string,
  { key, entry }: { key: string; entry: CacheEntry },
): boolean {
  const matches = filterMatches[name];
  if (matches !== undefined) return matches(value, key, entry);
  return filterMatches[name.replace(/!$/, '')]?.(value, key, entry) === false;
}

/** The cap comes down as far as free space is missing, and never below what is reserved; 0 when nothing is said. */
function keptBytes(
  { reservedBytes = 0, maxUsedBytes = 0, minFreeBytes = 0 }: CacheBounds,
  { totalBytes, freeBytes }: { totalBytes: number; freeBytes: () => number },
): number {
  if (reservedBytes === 0 && maxUsedBytes === 0 && minFreeBytes === 0) return 0;
  const missing = minFreeBytes === 0 ? 0 : Math.max(0, minFreeBytes - freeBytes());
  const caps = [...(maxUsedBytes > 0 ? [maxUsedBytes] : []), ...(missing > 0 ? [totalBytes - missing] : [])];
  const usual = minFreeBytes > 0 ? totalBytes : reservedBytes;
  // At least one byte: 0 would say that everything goes.
  return Math.max(1, caps.length === 0 ? usual : Math.min(...caps), reservedBytes);
}

function isMutable({ type }: CacheEntry): boolean {
  return type === 'exec.cachemount';
}

function isFalse(value: string): boolean {
  return ['0', 'false'].includes(value);
}

function ageMs(text: string): number {
  try {
    return parseGoDuration(text) / 1e6;
  } catch {
    throw new InvalidFilterError(`invalid filter 'until=${text}'`);
  }
}
