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
  shared: isFalse,
  private: (value) => !isFalse(value),
  parents: () => false,
  label: () => false,
  'label!': () => true,
};

/** What a prune of the build cache takes, from its filters and bounds; steps whose layers are in `kept` stay. Throws `InvalidFilterError` in Docker's words. */
export function cachePruning(
  filters: Filters,
  { bounds, kept }: { bounds: ReadonlyMap<string, number>; kept: ReadonlySet<string> },
  clock: Clock,
): CachePruning {
  const ages = [...(filters.get('until') ?? []), ...(filters.get('unused-for') ?? [])];
  const others = [...filters].filter(([name]) => name !== 'until' && name !== 'unused-for');
  for (const [name] of others) {
    if (!Object.hasOwn(filterMatches, name)) throw new InvalidFilterError(`invalid filter '${name}'`);
  }
  if ((bounds.get('min-free-space') ?? 0) > 0)
    throw new InvalidFilterError("'min-free-space' of a prune of the build cache is not supported yet");
  const keepBytes =
    bounds.get('max-used-space') ?? bounds.get('reserved-space') ?? bounds.get('keep-storage') ?? 0;
  const [age] = ages;
  return {
    keepBytes,
    ...(age !== undefined && { before: new Date(clock.now().getTime() - ageMs(age)) }),
    concerns: (key, entry) =>
      !kept.has(entry.layer?.diffId ?? '') &&
      others.every(([name, values]) => values.some((value) => filterMatches[name]?.(value, key, entry))),
  };
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
