import { errorMessage, parseByteSize, parseGoBoolean, parseGoDuration } from '@gantry/base';
import { InvalidOptionError } from '../../errors.ts';

/** Go's `strconv.ParseBool`. Throws `InvalidOptionError` in its words. */
export function parseBoolean(text: string): boolean {
  return inOptionsWords(() => parseGoBoolean(text));
}

/** Bytes of `20m`, `1.5GB`: units of 1000. Throws `InvalidOptionError`. */
export function parseDecimalSize(text: string): number {
  return inOptionsWords(() => parseByteSize(text, 1000));
}

/** Bytes of `4m`, `1MiB`: units of 1024. Throws `InvalidOptionError`. */
export function parseBinarySize(text: string): number {
  return inOptionsWords(() => parseByteSize(text));
}

/** A whole number of at least 0. Throws `InvalidOptionError` in the words of Go's `strconv.ParseUint`. */
export function parseCount(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidOptionError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** Milliseconds of a duration of at least 0 in Go's notation: `1s`, `1m30s`, `250ms`. Throws `InvalidOptionError`. */
export function parseDurationMs(text: string): number {
  const durationNs = inOptionsWords(() => parseGoDuration(text));
  if (durationNs >= 0) return durationNs / 1e6;
  throw new InvalidOptionError(`time: invalid duration ${JSON.stringify(text)}`);
}

function inOptionsWords<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new InvalidOptionError(errorMessage(cause));
  }
}
