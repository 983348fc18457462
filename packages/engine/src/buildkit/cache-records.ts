import { EngineError } from '@gantry/base';
import type { CacheUsage } from '@gantry/builder';
import type { control, Draft } from '@gantry/buildkit';
import { timestamp } from './status-log.ts';

export type UsageRecord = Draft<control.UsageRecord>;

/** A filter of the cache that this engine does not know. */
export class UnknownCacheFilterError extends EngineError {
  override readonly name = 'UnknownCacheFilterError';
  constructor(filter: string) {
    super(
      'invalid',
      'build-cache-filter-unknown',
      `invalid filter ${JSON.stringify(filter)} of the build cache`,
      {
        details: { filter },
      },
    );
  }
}

/** One entry of the cache as BuildKit tells it. */
export function usageRecord(usage: CacheUsage): UsageRecord {
  return {
    id: usage.ID,
    recordType: usage.Type,
    description: usage.Description,
    inUse: usage.InUse,
    shared: usage.Shared,
    size: usage.Size,
    createdAt: timestamp(new Date(usage.CreatedAt)),
    lastUsedAt: timestamp(new Date(usage.LastUsedAt)),
    usageCount: usage.UsageCount,
  };
}

/**
 * Filters as BuildKit's clients send them (`type==regular`, `id~=abc`, `inuse`, several joined by commas) as the Engine API has them.
 * Throws `UnknownCacheFilterError`.
 */
export function cacheFilters(texts: readonly string[], keepDurationNs: bigint): Map<string, string[]> {
  const filters = new Map<string, string[]>();
  for (const text of texts.flatMap((joined) => joined.split(',')).filter((part) => part !== '')) {
    const [, name, operator, value] =
      /^(id|description|type|inuse|mutable|immutable|shared|private|parents)(?:(==|~=|!=)(.*))?$/.exec(
        text,
      ) ?? [];
    if (name === undefined || (operator === '~=' && name === 'type')) throw new UnknownCacheFilterError(text);
    const key = operator === '!=' ? `${name}!` : name;
    filters.set(key, [...(filters.get(key) ?? []), (value ?? 'true').replace(/^"(.*)"$/, '$1')]);
  }
  if (keepDurationNs > 0n) filters.set('until', [`${keepDurationNs / 1_000_000n}ms`]);
  return filters;
}

/** Whether an entry is one that filters are about. */
export function matchesFilters(usage: CacheUsage, filters: ReadonlyMap<string, readonly string[]>): boolean {
  return [...filters].every(([name, values]) => values.some((value) => matches(usage, name, value)));
}

function matches(usage: CacheUsage, name: string, value: string): boolean {
  if (name.endsWith('!')) return !matches(usage, name.slice(0, -1), value);
  const isMutable = usage.Type === 'exec.cachemount';
  switch (name) {
    case 'id':
      return usage.ID.startsWith(value);
    case 'description':
      return usage.Description.includes(value);
    case 'type':
      return usage.Type === value;
    case 'inuse':
      return usage.InUse === (value === 'true');
    case 'mutable':
      return isMutable === (value === 'true');
    case 'immutable':
      return isMutable !== (value === 'true');
    case 'shared':
      return usage.Shared === (value === 'true');
    default:
      return name === 'private' && usage.Shared !== (value === 'true');
  }
}
