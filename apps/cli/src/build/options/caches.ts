import { CommandError } from '../../errors.ts';
import { readAttributes, readFields } from './attributes.ts';

/** A cache to take steps from or to keep them in. */
export interface CacheOption {
  /** `registry`, `local`, `inline` … */
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** `--cache-from` and `--cache-to`: `type=registry,ref=…`, or references alone, which are registry caches. Throws `CommandError`. */
export function readCaches(given: readonly string[]): CacheOption[] {
  return given.flatMap((text) => {
    const fields = readFields(text).filter((field) => field !== '');
    if (fields.every((field) => !field.includes('='))) {
      return fields.map((ref) => ({ type: 'registry', attributes: new Map([['ref', ref]]) }));
    }
    return [readCache(text)];
  });
}

function readCache(text: string): CacheOption {
  const attributes = new Map<string, string>();
  for (const [key, value] of readAttributes(text)) {
    if (value === undefined) throw new CommandError(1, `ERROR: invalid value ${key}`);
    attributes.set(key, value);
  }
  const type = attributes.get('type') ?? '';
  if (type === '') throw new CommandError(1, `ERROR: type required form> ${JSON.stringify(text)}`);
  attributes.delete('type');
  return { type, attributes };
}
