import { formatGeneral } from '../format/number-format.ts';

/** What a template works on: JSON values, and functions as methods. */
export type Value = unknown;

/** An object whose keys are data, not fields: prints as `map[k:v]`, and a missing key is no error. */
export interface MapMarker {
  /** Names of fields that hold maps. */
  readonly mapFields: ReadonlySet<string>;
  readonly optionalFields: ReadonlySet<string>;
}

/** Go's idea of truth: not nil, false, zero or empty. */
export function isTrue(value: Value): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object') return Object.keys(value).length > 0;
  return true;
}

/** An object with keys, and nothing else. */
export function isRecord(value: Value): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As Go's `fmt.Print` shows decoded JSON: every object is a map. */
export function printRawValue(value: Value): string {
  if (Array.isArray(value)) return `[${value.map((item) => printRawValue(item as Value)).join(' ')}]`;
  if (!isRecord(value)) return printValue(value, true, { mapFields: new Set(), optionalFields: new Set() });
  const entries = Object.keys(value)
    .sort(compareText)
    .map((key) => `${key}:${printRawValue(value[key])}`);
  return `map[${entries.join(' ')}]`;
}

/** As Go's `fmt.Print` shows it. `isMap` says how an object prints: `map[k:v]`, or a struct's `{v v}`. */
export function printValue(value: Value, isMap: boolean, marker: MapMarker): string {
  if (value === undefined) return '<no value>';
  if (value === null) return '<nil>';
  if (typeof value === 'number') return printNumber(value);
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) {
    return `[${value.map((item) => printValue(item as Value, false, marker)).join(' ')}]`;
  }
  if (typeof value === 'boolean') return String(value);
  if (!isRecord(value)) return `(${typeof value})`;
  const isMapField = (name: string): boolean => marker.mapFields.has(name);
  if (!isMap) {
    const fields = Object.entries(value).map(([name, item]) => printValue(item, isMapField(name), marker));
    return `{${fields.join(' ')}}`;
  }
  const entries = Object.keys(value)
    .sort(compareText)
    // A missing value of a map is nearly always a list in Docker's types, which prints as an empty one.
    .map((key) => `${key}:${value[key] === null ? '[]' : printValue(value[key], false, marker)}`);
  return `map[${entries.join(' ')}]`;
}

/** Integers in full, fractions as Go's `%v`. */
export function printNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return BigInt(value).toString();
  const text = formatGeneral(value, 17);
  const shortest = String(value);
  return shortest.includes('e') ? text : shortest;
}

/** The order of bytes, as Go sorts keys. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
