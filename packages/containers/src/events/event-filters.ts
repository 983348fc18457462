import type { EventMessage, Filters } from '@gantry/api-types';
import { InvalidFilterError } from '../errors.ts';
import { matchesLabelFilter } from '../list/filter-values.ts';

/** The keys of `GET /events`; those of objects compare with the actor of events of that type. */
const objectKeys = [
  'config',
  'container',
  'daemon',
  'image',
  'network',
  'node',
  'plugin',
  'secret',
  'service',
  'volume',
] as const;
const otherKeys = ['event', 'label', 'scope', 'type'] as const;
const knownKeys: ReadonlySet<string> = new Set([...objectKeys, ...otherKeys]);

/** Throws `InvalidFilterError` for a key that events do not know. */
export function parseEventFilters(filters: Filters): Filters {
  for (const key of filters.keys()) {
    if (!knownKeys.has(key)) throw new InvalidFilterError(`invalid filter '${key}'`);
  }
  return filters;
}

/** Every key must match, and of a key's values one. */
export function matchesEventFilters(message: EventMessage, filters: Filters): boolean {
  for (const [key, values] of filters) {
    if (values.length > 0 && !matchesKey(message, key, values)) return false;
  }
  return true;
}

function matchesKey(message: EventMessage, key: string, values: readonly string[]): boolean {
  const attributes = message.Actor?.Attributes ?? {};
  switch (key) {
    case 'event':
      return values.some(
        (value) => message.Action === value || message.Action?.startsWith(`${value}:`) === true,
      );
    case 'label':
      return values.every((value) => matchesLabelFilter(attributes, value));
    case 'scope':
      return values.includes(message.scope ?? 'local');
    case 'type':
      return values.includes(message.Type ?? '');
    case 'image':
      return message.Type === 'image'
        ? matchesActor(message, values) || values.includes(withoutTag(attributes['name'] ?? ''))
        : message.Type === 'container' &&
            values.some((value) =>
              [attributes['image'], withoutTag(attributes['image'] ?? '')].includes(value),
            );
    default:
      return message.Type === key && matchesActor(message, values);
  }
}

function matchesActor(message: EventMessage, values: readonly string[]): boolean {
  const id = message.Actor?.ID ?? '';
  const name = message.Actor?.Attributes?.['name'];
  return values.some((value) => {
    const wanted = value.replace(/^\//, '');
    return id === wanted || name === wanted || (wanted.length > 0 && id.startsWith(wanted));
  });
}

function withoutTag(reference: string): string {
  return reference.replace(/(:[^/:]+)?(@.*)?$/, '');
}
