import { CorruptTarError } from '../errors.ts';
import { blockBytes, fields, metadataLimitBytes } from './layout.ts';
import { parseDecimal, readNumber } from './numeric.ts';
import type { TarSegment } from './tar-entry.ts';

/** What GNU.sparse 0.0 says in repeated records: offset, length, offset, length… */
export interface PaxSparse {
  numbers: number[];
}

const pairBytes = 24;
const newline = 0x0a;
const comma = 0x2c;

/** Adds one repeated record; throws `CorruptTarError` unless offsets and lengths alternate. */
export function appendSparseNumber(sparse: PaxSparse, keyword: string, value: Uint8Array): void {
  const expected = sparse.numbers.length % 2 === 0 ? 'GNU.sparse.offset' : 'GNU.sparse.numbytes';
  if (keyword !== expected) throw new CorruptTarError('sparse offsets and lengths do not alternate');
  sparse.numbers.push(parseDecimal(value, keyword));
}

/** `offset,length,offset,length…` of GNU.sparse 0.1. Throws `CorruptTarError`. */
export function parseSparseList(value: Uint8Array): number[] {
  const numbers: number[] = [];
  if (value.length === 0) return numbers;
  for (let start = 0; start <= value.length; ) {
    const found = value.indexOf(comma, start);
    const end = found === -1 ? value.length : found;
    numbers.push(parseDecimal(value.subarray(start, end), 'a number of a sparse map'));
    start = end + 1;
  }
  return numbers;
}

/**
 * Reads the pairs of an old GNU header (four) or of an extension block (21) into `numbers`; says whether an extension
 * block follows. Throws `CorruptTarError`.
 */
export function readGnuSparse(
  bytes: Uint8Array,
  base: number,
  place: 'header' | 'extension',
  numbers: number[],
): boolean {
  const start = place === 'header' ? fields.gnuSparse.at : 0;
  const count = place === 'header' ? 4 : 21;
  for (let index = 0; index < count; index += 1) {
    const at = start + index * pairBytes;
    if (bytes[base + at] === 0) break;
    numbers.push(
      readNumber(bytes, base, { at, length: 12 }),
      readNumber(bytes, base, { at: at + 12, length: 12 }),
    );
    if (numbers.length * 12 > metadataLimitBytes) throw new CorruptTarError('a sparse map is too long');
  }
  const flag = place === 'header' ? fields.gnuIsExtended.at : count * pairBytes;
  return bytes[base + flag] !== 0;
}

/**
 * Reads the map at the start of a GNU.sparse 1.0 member's data, a block at a time: lines of decimal numbers, the count
 * of pairs first, padded to whole blocks.
 */
export class SparseBlockReader {
  readonly numbers: number[] = [];
  #wanted: number | undefined;
  #value = 0;
  #digits = 0;
  #blocks = 0;

  /** Takes the 512 bytes at `base`; true when the map is whole. Throws `CorruptTarError`. */
  push(bytes: Uint8Array, base: number): boolean {
    this.#blocks += 1;
    if (this.#blocks * blockBytes > metadataLimitBytes) throw new CorruptTarError('a sparse map is too long');
    for (let index = base; index < base + blockBytes; index += 1) {
      const byte = bytes[index] as number;
      if (byte !== newline) this.#digit(byte - 0x30);
      else if (this.#line()) return true;
    }
    return false;
  }

  #digit(digit: number): void {
    this.#value = this.#value * 10 + digit;
    this.#digits += 1;
    if (digit < 0 || digit > 9 || this.#value > Number.MAX_SAFE_INTEGER) {
      throw new CorruptTarError('a sparse map holds something else than numbers');
    }
  }

  #line(): boolean {
    if (this.#digits === 0) throw new CorruptTarError('a sparse map has an empty line');
    if (this.#wanted === undefined) this.#wanted = 2 * this.#value;
    else this.numbers.push(this.#value);
    this.#value = 0;
    this.#digits = 0;
    return this.numbers.length >= this.#wanted;
  }
}

/**
 * Pairs to segments, empty ones dropped. Throws `CorruptTarError` unless they ascend without overlap inside
 * `sizeBytes` and together are the `storedBytes` that the archive holds.
 */
export function checkSegments(
  numbers: readonly number[],
  sizeBytes: number,
  storedBytes: number,
): readonly TarSegment[] {
  if (sizeBytes < 0) throw new CorruptTarError('a sparse file has a negative size');
  if (numbers.length % 2 !== 0) throw new CorruptTarError('a sparse map has an offset without a length');
  const segments: TarSegment[] = [];
  let end = 0;
  let stored = 0;
  for (let index = 0; index < numbers.length; index += 2) {
    const offset = numbers[index] as number;
    const lengthBytes = numbers[index + 1] as number;
    if (offset < end || lengthBytes < 0 || offset + lengthBytes > sizeBytes) {
      throw new CorruptTarError('a sparse map overlaps itself or leaves its file');
    }
    end = offset + lengthBytes;
    stored += lengthBytes;
    if (lengthBytes > 0) segments.push({ offset, lengthBytes });
  }
  if (stored !== storedBytes) throw new CorruptTarError('a sparse map does not add up to the stored size');
  return segments;
}

/**
 * The 1.0 map of `segments`, padded to whole blocks: the counterpart of `SparseBlockReader`. A hole at the end is told
 * by an empty segment there, without which GNU tar would cut the file short.
 */
export function encodeSparseBlocks(segments: readonly TarSegment[], sizeBytes: number): Buffer {
  const last = segments.at(-1);
  const end = last === undefined ? 0 : last.offset + last.lengthBytes;
  const all = end < sizeBytes ? [...segments, { offset: sizeBytes, lengthBytes: 0 }] : segments;
  const lines = [`${all.length}\n`];
  for (const { offset, lengthBytes } of all) lines.push(`${offset}\n${lengthBytes}\n`);
  const text = Buffer.from(lines.join(''), 'latin1');
  const padded = Buffer.alloc(Math.ceil(text.length / blockBytes) * blockBytes);
  text.copy(padded);
  return padded;
}
