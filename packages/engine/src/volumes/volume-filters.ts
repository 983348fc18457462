import type { Filters } from '@gantry/api-types';
import { InvalidFilterError, matchesLabelFilter, matchesPattern } from '@gantry/containers';
import type { VolumeInfo } from '@gantry/volumes';
import { anonymousLabels } from './wire-volume.ts';

/** True when the volume matches the values of one filter. */
type Matcher = (volume: VolumeInfo, values: readonly string[]) => boolean;

const matchers: Readonly<Record<string, Matcher>> = {
  dangling: ({ usedBy }, values) =>
    (values.includes('1') || values.includes('true')) === (usedBy.length === 0),
  driver: ({ driver }, values) => values.includes(driver),
  name: ({ name }, values) => values.some((value) => matchesPattern(name, value)),
  label: (volume, values) => values.every((value) => matchesLabelFilter(anonymousLabels(volume), value)),
};

/** Docker's filters of volumes: values of a key are alternatives, labels must all match. Throws `InvalidFilterError`. */
export function compileVolumeFilters(filters: Filters): (volume: VolumeInfo) => boolean {
  for (const [key, values] of filters) check(key, values);
  return (volume) =>
    [...filters].every(([key, values]) => values.length === 0 || matchers[key]?.(volume, values) === true);
}

function check(key: string, values: readonly string[]): void {
  if (!Object.hasOwn(matchers, key)) throw new InvalidFilterError(`invalid filter '${key}'`);
  if (key !== 'dangling' || values.length === 0) return;
  const isYes = values.some((value) => value === '1' || value === 'true');
  const isNo = values.some((value) => value === '0' || value === 'false');
  if (isYes === isNo) throw new InvalidFilterError(`invalid filter 'dangling=[${values.join(' ')}]'`);
}
