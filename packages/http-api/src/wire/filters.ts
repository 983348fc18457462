import type { Filters } from '@gantry/api-types';
import { InvalidRequestError } from '../errors.ts';
import { bounded, type Query } from './query.ts';

/**
 * The `filters` parameter, in both shapes that clients send: `{"label":{"a=b":true}}` (docker CLI; a false value counts
 * as given, as in Docker) and `{"label":["a=b"]}` (docker-py, dockerode). Missing or empty is no filter at all.
 * Which names exist is for the backend to say. Throws `InvalidRequestError`.
 */
export function parseFilters(query: Query): Filters {
  const text = query.text('filters');
  if (text === '') return new Map();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new InvalidRequestError(`invalid filters: ${bounded(text)} is not JSON`, {
      code: 'bad-filters',
      cause: error,
    });
  }
  if (parsed === null) return new Map();
  if (typeof parsed !== 'object' || Array.isArray(parsed)) throw badShape(text);
  return new Map(Object.entries(parsed).map(([name, values]) => [name, valuesOf(values, text)]));
}

function valuesOf(values: unknown, text: string): string[] {
  if (Array.isArray(values)) {
    if (values.every((value) => typeof value === 'string')) return values;
  } else if (typeof values === 'object' && values !== null) {
    if (Object.values(values).every((value) => typeof value === 'boolean')) return Object.keys(values);
  }
  throw badShape(text);
}

function badShape(text: string): InvalidRequestError {
  return new InvalidRequestError(
    `invalid filters: ${bounded(text)} maps names neither to lists of strings nor to objects of booleans`,
    { code: 'bad-filters' },
  );
}
