import type { ConsoleSize } from '../backends/container-backend.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Query } from './query.ts';

/** `h` and `w` of a resize; both are needed. Throws `InvalidRequestError`. */
export function consoleSizeOf(query: Query): ConsoleSize {
  const rows = query.integer('h');
  const columns = query.integer('w');
  if (rows === undefined || columns === undefined || !isSize(rows) || !isSize(columns)) {
    throw new InvalidRequestError('invalid resize: h and w must be numbers from 0 to 65535');
  }
  return { rows, columns };
}

/** A body's `[height, width]`; undefined for none, and for `[0, 0]`, which the docker CLI sends for none. */
export function consoleSizeOfBody(
  size: readonly [number, number] | null | undefined,
): ConsoleSize | undefined {
  const [rows = 0, columns = 0] = size ?? [];
  if (rows === 0 && columns === 0) return undefined;
  if (!isSize(rows) || !isSize(columns)) {
    throw new InvalidRequestError('invalid ConsoleSize: must be numbers from 0 to 65535');
  }
  return { rows, columns };
}

function isSize(value: number): boolean {
  return value >= 0 && value <= 0xffff;
}
