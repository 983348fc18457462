import { InvalidOptionError } from '../../errors.ts';

const decimalUnits: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15 };
const binaryUnits: Readonly<Record<string, number>> = {
  '': 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
};
const trueWords: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const falseWords: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Go's `strconv.ParseBool`. Throws `InvalidOptionError` in its words. */
export function parseBoolean(text: string): boolean {
  if (trueWords.has(text)) return true;
  if (falseWords.has(text)) return false;
  throw new InvalidOptionError(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** Bytes of `20m`, `1.5GB`: units of 1000. Throws `InvalidOptionError`. */
export function parseDecimalSize(text: string): number {
  return parseSize(text, decimalUnits);
}

/** Bytes of `4m`, `1MiB`: units of 1024. Throws `InvalidOptionError`. */
export function parseBinarySize(text: string): number {
  return parseSize(text, binaryUnits);
}

/** A whole number of at least 0. Throws `InvalidOptionError` in the words of Go's `strconv.ParseUint`. */
export function parseCount(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidOptionError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
}

const durationUnitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a duration in Go's notation: `1s`, `1m30s`, `250ms`. Throws `InvalidOptionError`. */
export function parseDurationMs(text: string): number {
  if (text === '0') return 0;
  const part = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g;
  let totalMs = 0;
  const rest = text.replace(part, (_, count: string, unit: string) => {
    totalMs += Number(count) * (durationUnitMs[unit] ?? 0);
    return '';
  });
  if (text === '' || rest !== '')
    throw new InvalidOptionError(`time: invalid duration ${JSON.stringify(text)}`);
  return totalMs;
}

function parseSize(text: string, units: Readonly<Record<string, number>>): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text);
  if (match === null) throw new InvalidOptionError(`invalid size: '${text}'`);
  return Math.floor(Number(match[1]) * (units[match[2]?.toLowerCase() ?? ''] ?? 1));
}
