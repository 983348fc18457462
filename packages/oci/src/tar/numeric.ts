import { CorruptTarError } from '../errors.ts';
import type { Field } from './layout.ts';

const space = 0x20;
const zero = 0x30;

/**
 * Reads a number field at `base`: octal digits between spaces and NULs, or GNU's base-256 (first bit set; two's
 * complement). An empty field is 0. Throws `CorruptTarError` for anything else and past ±2⁵³.
 */
export function readNumber(block: Uint8Array, base: number, { at, length }: Field): number {
  const start = base + at;
  const first = block[start] as number;
  return first >= 0x80 ? readBase256(block, start, length) : readOctal(block, start, length);
}

function readOctal(block: Uint8Array, start: number, length: number): number {
  const end = start + length;
  let index = start;
  while (index < end && isBlank(block[index] as number)) index += 1;
  let value = 0;
  for (; index < end; index += 1) {
    const digit = (block[index] as number) - zero;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; index < end; index += 1) {
    if (!isBlank(block[index] as number)) throw new CorruptTarError('a number field is not octal');
  }
  return value;
}

function isBlank(byte: number): boolean {
  return byte === 0 || byte === space;
}

function readBase256(block: Uint8Array, start: number, length: number): number {
  const negative = ((block[start] as number) & 0x40) !== 0;
  const flip = negative ? 0xff : 0;
  let value = ((block[start] as number) ^ flip) & 0x7f;
  for (let index = start + 1; index < start + length; index += 1) {
    value = value * 256 + ((block[index] as number) ^ flip);
    if (value > Number.MAX_SAFE_INTEGER) throw new CorruptTarError('a number is beyond 2^53');
  }
  return negative ? -value - 1 : value;
}

/** Decimal digits only, as PAX records hold them. Throws `CorruptTarError`, `what` named, for anything else and past 2⁵³. */
export function parseDecimal(bytes: Uint8Array, what: string): number {
  let value = 0;
  for (const byte of bytes) {
    const digit = byte - zero;
    if (digit < 0 || digit > 9) throw new CorruptTarError(`${what} is not a decimal number`);
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) throw new CorruptTarError(`${what} is beyond 2^53`);
  }
  if (bytes.length === 0) throw new CorruptTarError(`${what} is empty`);
  return value;
}

/** `-?seconds[.fraction]` to nanoseconds; digits past the ninth are dropped. Throws `CorruptTarError`. */
export function parsePaxTime(bytes: Uint8Array, what: string): bigint {
  const text = bytes.length <= 64 ? String.fromCharCode(...bytes) : '';
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (match === null) throw new CorruptTarError(`${what} is not a time`);
  const [, sign, seconds = '0', fraction = ''] = match;
  const ns = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return sign === '-' ? -ns : ns;
}

/** The counterpart of `parsePaxTime`, without trailing zeros. */
export function formatPaxTime(timeNs: bigint): string {
  const absolute = timeNs < 0n ? -timeNs : timeNs;
  const fraction = (absolute % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  return `${timeNs < 0n ? '-' : ''}${absolute / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Writes `value` as zero-padded octal digits and a NUL. False, and nothing written, when it does not fit. */
export function writeOctal(block: Buffer, { at, length }: Field, value: number): boolean {
  const digits = value.toString(8);
  if (value < 0 || digits.length > length - 1) return false;
  block.write(digits.padStart(length - 1, '0'), at, 'latin1');
  return true;
}
