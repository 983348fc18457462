import type { Filters } from '@gantry/api-types';
import { pointInTime } from '@gantry/images';
import { InvalidFilterError } from '../errors.ts';
import { matchesLabelFilter } from '../list/filter-values.ts';

/** What a prune looks at. */
export interface PruneSubject {
  labels: Readonly<Record<string, string>>;
  createdMs: number;
}

/**
 * Docker's filters of a prune: `until` (one value), `label` (all must match) and `label!` (none may). Throws
 * `InvalidFilterError` for a value that is malformed, and for a name that is not among `known`.
 */
export function compilePruneFilter(
  filters: Filters,
  { known, nowMs }: { known: readonly string[]; nowMs: number },
): (subject: PruneSubject) => boolean {
  for (const name of filters.keys()) {
    if (!known.includes(name)) throw new InvalidFilterError(`invalid filter '${name}'`);
  }
  const untilMs = until(filters.get('until') ?? [], nowMs);
  const wanted = filters.get('label') ?? [];
  const unwanted = filters.get('label!') ?? [];
  return ({ labels, createdMs }) =>
    (untilMs === undefined || createdMs < untilMs) &&
    wanted.every((label) => matchesLabelFilter(labels, label)) &&
    !unwanted.some((label) => matchesLabelFilter(labels, label));
}

function until(values: readonly string[], nowMs: number): number | undefined {
  const [value, ...more] = values;
  if (value === undefined) return undefined;
  if (more.length > 0) throw new InvalidFilterError('more than one until filter specified');
  const limitMs = pointInTime(value, nowMs);
  if (limitMs === undefined)
    throw new InvalidFilterError(`failed to parse value as time or duration: ${JSON.stringify(value)}`);
  return limitMs;
}
