import { CorruptTarError } from '../errors.ts';
import { blockBytes, type Field, fields } from './layout.ts';
import { readNumber } from './numeric.ts';

/** A header block as it stands, before extended headers are applied. */
export interface RawHeader {
  /** The type byte; NUL of old archives is kept. */
  type: number;
  name: Uint8Array;
  linkName: Uint8Array;
  mode: number;
  uid: number;
  gid: number;
  sizeBytes: number;
  mtimeSeconds: number;
  atimeSeconds: number | undefined;
  ctimeSeconds: number | undefined;
  deviceMajor: number;
  deviceMinor: number;
}

type Format = 'v7' | 'ustar' | 'star' | 'gnu';

const noBytes: Uint8Array = new Uint8Array(0);

/** True when the 512 bytes at `base` are zero: half of an end marker. */
export function isZeroBlock(bytes: Uint8Array, base: number): boolean {
  for (let index = base; index < base + blockBytes; index += 1) {
    if (bytes[index] !== 0) return false;
  }
  return true;
}

/**
 * Reads the header block at `base`, copying what it keeps. Throws `CorruptTarError` for a wrong checksum (of unsigned
 * or, as some old programs wrote, signed bytes) and for numbers that are none.
 */
export function readHeader(bytes: Uint8Array, base: number): RawHeader {
  verifyChecksum(bytes, base);
  const format = formatOf(bytes, base);
  const hasDevices = format !== 'v7';
  const header: RawHeader = {
    type: bytes[base + fields.type.at] as number,
    name: readText(bytes, base, fields.name),
    linkName: readText(bytes, base, fields.linkName),
    mode: readNumber(bytes, base, fields.mode) & 0o7777,
    uid: readNumber(bytes, base, fields.uid),
    gid: readNumber(bytes, base, fields.gid),
    sizeBytes: readNumber(bytes, base, fields.size),
    mtimeSeconds: readNumber(bytes, base, fields.mtime),
    atimeSeconds: undefined,
    ctimeSeconds: undefined,
    deviceMajor: hasDevices ? readNumber(bytes, base, fields.deviceMajor) : 0,
    deviceMinor: hasDevices ? readNumber(bytes, base, fields.deviceMinor) : 0,
  };
  if (format === 'ustar') addPrefix(header, bytes, base, fields.prefix);
  else if (format === 'star') addPrefix(header, bytes, base, fields.starPrefix);
  else if (format === 'gnu') readGnuTimes(header, bytes, base);
  return header;
}

function verifyChecksum(bytes: Uint8Array, base: number): void {
  const { at, length } = fields.checksum;
  let unsigned = 0;
  for (let index = base; index < base + blockBytes; index += 4) {
    unsigned +=
      (bytes[index] as number) +
      (bytes[index + 1] as number) +
      (bytes[index + 2] as number) +
      (bytes[index + 3] as number);
  }
  for (let index = base + at; index < base + at + length; index += 1) unsigned -= bytes[index] as number;
  unsigned += 0x20 * length;
  const stored = readNumber(bytes, base, fields.checksum);
  if (stored !== unsigned && stored !== unsigned - 256 * highBytes(bytes, base)) {
    throw new CorruptTarError('a header has a wrong checksum');
  }
}

function highBytes(bytes: Uint8Array, base: number): number {
  const { at, length } = fields.checksum;
  let count = 0;
  for (let index = 0; index < blockBytes; index += 1) {
    const isChecksum = index >= at && index < at + length;
    if (!isChecksum && (bytes[base + index] as number) >= 0x80) count += 1;
  }
  return count;
}

function formatOf(bytes: Uint8Array, base: number): Format {
  const magic = base + fields.magic.at;
  if (!matches(bytes, magic, 'ustar')) return 'v7';
  if (bytes[magic + 5] === 0x20 && bytes[magic + 6] === 0x20 && bytes[magic + 7] === 0) return 'gnu';
  return matches(bytes, base + fields.starTrailer.at, 'tar\0') ? 'star' : 'ustar';
}

function matches(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (bytes[at + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** The field's bytes up to the first NUL, copied. */
function readText(bytes: Uint8Array, base: number, { at, length }: Field): Uint8Array {
  const start = base + at;
  let end = start;
  while (end < start + length && bytes[end] !== 0) end += 1;
  return end === start ? noBytes : bytes.slice(start, end);
}

function addPrefix(header: RawHeader, bytes: Uint8Array, base: number, field: Field): void {
  if (bytes[base + field.at] === 0) return;
  const prefix = readText(bytes, base, field);
  const joined = new Uint8Array(prefix.length + 1 + header.name.length);
  joined.set(prefix);
  joined[prefix.length] = 0x2f;
  joined.set(header.name, prefix.length + 1);
  header.name = joined;
}

/**
 * GNU headers have times where ustar has its prefix. Go before 1.8 wrote prefixes under GNU's magic, and old images
 * hold such layers: what is not a number there is taken as a prefix.
 */
function readGnuTimes(header: RawHeader, bytes: Uint8Array, base: number): void {
  if (bytes[base + fields.gnuAtime.at] === 0 && bytes[base + fields.gnuCtime.at] === 0) return;
  try {
    if (bytes[base + fields.gnuAtime.at] !== 0)
      header.atimeSeconds = readNumber(bytes, base, fields.gnuAtime);
    if (bytes[base + fields.gnuCtime.at] !== 0)
      header.ctimeSeconds = readNumber(bytes, base, fields.gnuCtime);
  } catch {
    header.atimeSeconds = undefined;
    header.ctimeSeconds = undefined;
    addPrefix(header, bytes, base, fields.prefix);
  }
}
