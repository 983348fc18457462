import type { Filters } from '@gantry/api-types';
import { type Clock, parseGoDuration } from '@gantry/base';
import type { CachePruning } from '@gantry/builder';
import { InvalidFilterError } from '@gantry/containers';

/**
 * What a prune of the build cache takes, from its filters and bounds. Throws `InvalidFilterError` for a filter that Docker does
 * not know, and for one that steps of this builder say nothing of.
 */
export function cachePruning(
  filters: Filters,
  bounds: ReadonlyMap<string, number>,
  clock: Clock,
): CachePruning {
  for (const name of filters.keys()) {
    if (name !== 'until' && name !== 'unused-for') throw new InvalidFilterError(`invalid filter '${name}'`);
  }
  const [age] = filters.get('until') ?? filters.get('unused-for') ?? [];
  const free = bounds.get('min-free-space') ?? 0;
  if (free > 0) throw new InvalidFilterError("'min-free-space' is not supported yet");
  const keepBytes =
    bounds.get('max-used-space') ?? bounds.get('reserved-space') ?? bounds.get('keep-storage') ?? 0;
  if (age === undefined) return { keepBytes };
  return { keepBytes, before: new Date(clock.now().getTime() - ageMs(age)) };
}

function ageMs(text: string): number {
  try {
    return parseGoDuration(text) / 1e6;
  } catch {
    throw new InvalidFilterError(`invalid filter 'until=${text}'`);
  }
}
