import type { Filters } from '@gantry/api-types';
import { InvalidFilterError } from '@gantry/containers';
import type { FoundRepository } from '@gantry/distribution';

const names: ReadonlySet<string> = new Set(['is-automated', 'is-official', 'stars']);

/** Docker's filters of a search; several values of `stars` all hold. Throws `InvalidFilterError`. */
export function searchFilter(filters: Filters): (found: FoundRepository) => boolean {
  for (const name of filters.keys()) {
    if (!names.has(name)) throw new InvalidFilterError(`invalid filter '${name}'`);
  }
  // No registry builds by itself any more: nothing is automated.
  const isAutomated = truth('is-automated', filters.get('is-automated'));
  const isOfficial = truth('is-official', filters.get('is-official'));
  const stars = Math.max(0, ...(filters.get('stars') ?? []).map(leastStars));
  return (found) =>
    isAutomated !== true &&
    (isOfficial === undefined || found.isOfficial === isOfficial) &&
    found.starCount >= stars;
}

function truth(name: string, values: readonly string[] | undefined): boolean | undefined {
  if (values === undefined || values.length === 0) return undefined;
  const isYes = values.some((value) => value === '1' || value === 'true');
  const isNo = values.some((value) => value === '0' || value === 'false');
  if (isYes === isNo) throw new InvalidFilterError(`invalid filter '${name}=[${values.join(' ')}]'`);
  return isYes;
}

function leastStars(value: string): number {
  if (!/^[+-]?\d{1,15}$/.test(value)) throw new InvalidFilterError(`invalid filter 'stars=[${value}]'`);
  return Number(value);
}
