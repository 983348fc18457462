import type { Invocation } from '../../invocation.ts';
import { parseFilters } from '../../options/key-values.ts';

/** `--filter`, and the label filters of config.json that it does not contradict. */
export function pruneFilters({ flags, config }: Pick<Invocation, 'flags' | 'config'>): Map<string, string[]> {
  const given = parseFilters(flags.list('filter'));
  const filters = new Map(given);
  for (const [name, values] of parseFilters(config().pruneFilters ?? [])) {
    const contrary = given.get(name === 'label' ? 'label!' : 'label') ?? [];
    const kept = values.filter((value) => !contrary.includes(value));
    if (kept.length > 0) filters.set(name, [...(filters.get(name) ?? []), ...kept]);
  }
  return filters;
}
