import { DocumentTooLargeError, InvalidDocumentError } from './errors.ts';

/** Bound of manifests, indexes and configs, as registries and containerd set it. */
export const maxDocumentBytes: number = 4 << 20;

/** Nesting that no honest manifest or config comes near. */
const maxDepth = 32;

export type JsonObject = Record<string, unknown>;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses the JSON of a `what` (manifest, index, config). Throws `DocumentTooLargeError` past `maxDocumentBytes` and
 * `InvalidDocumentError` for what is not UTF-8, not a JSON object, or nested deeper than 32.
 */
export function parseJsonObject(bytes: Uint8Array, what: string): JsonObject {
  if (bytes.length > maxDocumentBytes) throw new DocumentTooLargeError(what, bytes.length, maxDocumentBytes);
  if (depthOf(bytes) > maxDepth) throw new InvalidDocumentError(what, `is nested deeper than ${maxDepth}`);
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new InvalidDocumentError(what, 'is not JSON', { cause: error });
  }
  return new JsonReader(what).object(value, '');
}

/** The deepest nesting of brackets outside strings. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (isInString) {
      if (byte === 0x5c) index += 1;
      else if (byte === 0x22) isInString = false;
    } else if (byte === 0x22) {
      isInString = true;
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
    }
  }
  return deepest;
}

/**
 * Checks the types of a document's fields; each method returns the value it was given or throws
 * `InvalidDocumentError`, naming the field. Go writes null for what is empty, so null is a missing value everywhere.
 */
export class JsonReader {
  readonly #what: string;

  constructor(what: string) {
    this.#what = what;
  }

  fail(problem: string): never {
    throw new InvalidDocumentError(this.#what, problem);
  }

  object(value: unknown, field: string): JsonObject {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.fail(field === '' ? 'is not an object' : `has a '${field}' that is not an object`);
    }
    return value as JsonObject;
  }

  array(value: unknown, field: string): unknown[] {
    if (!Array.isArray(value)) this.fail(`has a '${field}' that is not a list`);
    return value as unknown[];
  }

  string(value: unknown, field: string): string {
    if (typeof value !== 'string') this.fail(`has a '${field}' that is not text`);
    return value;
  }

  /** A whole number from 0 to 2⁵³ − 1. */
  size(value: unknown, field: string): number {
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      this.fail(`has a '${field}' that is not a size`);
    }
    return value as number;
  }

  number(value: unknown, field: string): number {
    if (typeof value !== 'number') this.fail(`has a '${field}' that is not a number`);
    return value;
  }

  boolean(value: unknown, field: string): boolean {
    if (typeof value !== 'boolean') this.fail(`has a '${field}' that is not true or false`);
    return value;
  }

  strings(value: unknown, field: string): string[] {
    return this.array(value, field).map((item) => this.string(item, field));
  }

  stringMap(value: unknown, field: string): Record<string, string> {
    const map = this.object(value, field);
    for (const item of Object.values(map)) this.string(item, field);
    return map as Record<string, string>;
  }

  /** A set as Go writes it: an object of empty objects. */
  objectMap(value: unknown, field: string): Record<string, object> {
    const map = this.object(value, field);
    return Object.fromEntries(
      Object.entries(map).map(([key, item]) => [key, this.object(item ?? {}, field)]),
    );
  }
}

export type FieldCheck = (value: unknown, field: string) => unknown;

/**
 * A copy of `document` in which each field named in `checks` was checked and fields that are null are left out. Fields
 * that are not named stay as they are.
 */
export function checkedFields(
  document: JsonObject,
  checks: Readonly<Record<string, FieldCheck>>,
): JsonObject {
  const entries = Object.entries(document)
    .filter(([, value]) => value !== null)
    .map(([field, value]) => [field, Object.hasOwn(checks, field) ? checks[field]?.(value, field) : value]);
  return Object.fromEntries(entries) as JsonObject;
}
