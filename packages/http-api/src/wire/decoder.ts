import { InvalidRequestError } from '../errors.ts';
import { bounded } from './query.ts';

/**
 * Reads one JSON value as Docker's Go decoder does, and says where it is wrong. Field names match whatever their case,
 * unknown fields are dropped, null means "not given", the last of two equal fields wins.
 */
export interface Decoder<T> {
  /** Throws `InvalidRequestError` that names `path`. */
  decode(value: unknown, path: string): T;
  /** What null stands for where a value must be: in a map or a list. */
  zero(): T;
}

/** The type that a decoder yields. */
export type Decoded<D> = D extends Decoder<infer T> ? T : never;

type StructOf<F extends Record<string, Decoder<unknown>>> = { [K in keyof F]?: Decoded<F[K]> | undefined };

export const text: Decoder<string> = {
  zero: () => '',
  decode: (value, path) => (typeof value === 'string' ? value : fail(path, 'a string', value)),
};

export const flag: Decoder<boolean> = {
  zero: () => false,
  decode: (value, path) => (typeof value === 'boolean' ? value : fail(path, 'a boolean', value)),
};

/** A whole number within 64 bits; beyond 2^53 it is the nearest double. */
export const integer: Decoder<number> = {
  zero: () => 0,
  decode: (value, path) => {
    if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2 ** 63) return value;
    return fail(path, 'an integer', value);
  },
};

/** The value of a set's element in JSON: `{}`. */
export const emptyObject: Decoder<Record<string, never>> = {
  zero: () => ({}),
  decode: (value, path) => (isObject(value) ? {} : fail(path, 'an object', value)),
};

/**
 * One of a few words. Which there are is said by whoever uses it, in Docker's words: of the type is only what the API's file names, so
 * there has to be a default for others. An empty string is Go's "not given".
 */
export function word<W extends string>(): Decoder<W | undefined> {
  return {
    zero: () => undefined,
    decode: (value, path) => {
      const given = text.decode(value, path);
      return given === '' ? undefined : (given as W);
    },
  };
}

export function list<T>(item: Decoder<T>): Decoder<T[]> {
  return {
    zero: () => [],
    decode: (value, path) => {
      if (!Array.isArray(value)) return fail(path, 'a list', value);
      return value.map((entry: unknown, index) =>
        entry === null ? item.zero() : item.decode(entry, `${path}[${index}]`),
      );
    },
  };
}

/** A list of strings that may also come as one string (Docker's `strslice`). */
export const words: Decoder<string[]> = {
  zero: () => [],
  decode: (value, path) => (typeof value === 'string' ? [value] : list(text).decode(value, path)),
};

/** `[height, width]`. */
export const consoleSize: Decoder<[number, number]> = {
  zero: () => [0, 0],
  decode: (value, path) => {
    const [height, width, ...rest] = list(integer).decode(value, path);
    if (height === undefined || width === undefined || rest.length > 0 || height < 0 || width < 0) {
      return fail(path, 'two numbers, height and width', value);
    }
    return [height, width];
  },
};

/** Keys are data. The key `__proto__` is refused: it would become the map's prototype in careless hands. */
export function map<T>(item: Decoder<T>): Decoder<Record<string, T>> {
  return {
    zero: () => ({}),
    decode: (value, path) => {
      if (!isObject(value)) return fail(path, 'an object', value);
      return Object.fromEntries(
        Object.entries(value).map(([key, entry]) => {
          if (key === '__proto__')
            throw new InvalidRequestError(`invalid JSON: ${path}: key "__proto__" is not allowed`);
          return [
            key,
            entry === null ? item.zero() : item.decode(entry, `${path}[${JSON.stringify(bounded(key))}]`),
          ];
        }),
      );
    },
  };
}

/** The decoder's value, or null where null means something of its own. */
export function nullable<T>(item: Decoder<T>): Decoder<T | null> {
  return { zero: () => null, decode: (value, path) => (value === null ? null : item.decode(value, path)) };
}

/** Fields by Docker's spelling; all may be missing. */
export function struct<F extends Record<string, Decoder<unknown>>>(fields: F): Decoder<StructOf<F>> {
  const byLowerCase = new Map(
    Object.entries(fields).map(([name, field]) => [name.toLowerCase(), { name, field }]),
  );
  return {
    zero: () => ({}),
    decode: (value, path) => {
      if (!isObject(value)) return fail(path, 'an object', value);
      const result: Record<string, unknown> = {};
      for (const [key, entry] of Object.entries(value)) {
        const known = byLowerCase.get(key.toLowerCase());
        if (known === undefined || entry === null) continue;
        const decoded = known.field.decode(entry, path === '' ? known.name : `${path}.${known.name}`);
        if (decoded !== undefined) result[known.name] = decoded;
      }
      return result as StructOf<F>;
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fail(path: string, expected: string, value: unknown): never {
  const got = nameOf(value);
  throw new InvalidRequestError(
    `invalid JSON: ${path === '' ? 'body' : path} must be ${expected}, not ${got}`,
    {
      code: 'bad-body',
    },
  );
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? JSON.stringify(bounded(value)) : typeof value;
}
