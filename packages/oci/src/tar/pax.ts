import { CorruptTarError } from '../errors.ts';
import { parseDecimal } from './numeric.ts';
import { appendSparseNumber, type PaxSparse } from './sparse.ts';

/**
 * Records of an extended header (POSIX pax, "pax Extended Header") by keyword. Values are bytes: names need not be
 * UTF-8 and xattrs are binary.
 */
export interface PaxRecords {
  readonly values: Map<string, Uint8Array>;
  /** Offsets and lengths of GNU.sparse 0.0, which repeats its keywords. */
  readonly sparse: PaxSparse;
}

const newline = 0x0a;
const equals = 0x3d;
const spaceByte = 0x20;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Parses `length keyword=value\n` records. An empty value takes an earlier one back. Throws `CorruptTarError`. */
export function parsePax(bytes: Uint8Array): PaxRecords {
  const records: PaxRecords = { values: new Map(), sparse: { numbers: [] } };
  let start = 0;
  while (start < bytes.length) start = parseRecord(bytes, start, records);
  return records;
}

function parseRecord(bytes: Uint8Array, start: number, records: PaxRecords): number {
  const lengthEnd = bytes.indexOf(spaceByte, start);
  if (lengthEnd === -1 || lengthEnd - start > 8) throw new CorruptTarError('a PAX record has no length');
  const end = start + parseDecimal(bytes.subarray(start, lengthEnd), 'the length of a PAX record');
  if (end > bytes.length || end <= lengthEnd + 1 || bytes[end - 1] !== newline) {
    throw new CorruptTarError('a PAX record has a wrong length');
  }
  const keyEnd = bytes.indexOf(equals, lengthEnd + 1);
  if (keyEnd === -1 || keyEnd >= end || keyEnd === lengthEnd + 1) {
    throw new CorruptTarError('a PAX record has no keyword');
  }
  const keyword = decodeKeyword(bytes.subarray(lengthEnd + 1, keyEnd));
  const value = bytes.slice(keyEnd + 1, end - 1);
  if (keyword === 'GNU.sparse.offset' || keyword === 'GNU.sparse.numbytes') {
    appendSparseNumber(records.sparse, keyword, value);
  } else {
    records.values.set(keyword, value);
  }
  return end;
}

function decodeKeyword(bytes: Uint8Array): string {
  try {
    const keyword = utf8.decode(bytes);
    if (!keyword.includes('\0')) return keyword;
  } catch {
    // Falls through to the one error.
  }
  throw new CorruptTarError('a PAX keyword is not UTF-8');
}

/** The xattrs among the records: `SCHILY.xattr.` (raw) before `LIBARCHIVE.xattr.` (name URL-encoded, value base64). */
export function paxXattrs(values: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  let xattrs: Map<string, Uint8Array> | undefined;
  for (const [keyword, value] of values) {
    if (keyword.startsWith(schily)) (xattrs ??= new Map()).set(keyword.slice(schily.length), value);
  }
  for (const [keyword, value] of values) {
    if (!keyword.startsWith(libarchive)) continue;
    const name = decodeXattrName(keyword.slice(libarchive.length));
    xattrs ??= new Map();
    if (!xattrs.has(name)) xattrs.set(name, Buffer.from(Buffer.from(value).toString('latin1'), 'base64'));
  }
  return xattrs ?? noXattrs;
}

const schily = 'SCHILY.xattr.';
const libarchive = 'LIBARCHIVE.xattr.';
const noXattrs: ReadonlyMap<string, Uint8Array> = new Map();

function decodeXattrName(text: string): string {
  try {
    const name = decodeURIComponent(text);
    if (!name.includes('\0')) return name;
  } catch {
    // Falls through to the one error.
  }
  throw new CorruptTarError('the name of an extended attribute is malformed');
}

/** One record with its own length in front (which counts itself). */
export function encodePaxRecord(keyword: string, value: Uint8Array): Buffer {
  const key = Buffer.from(keyword);
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} `), key, Buffer.from('='), value, Buffer.from('\n')]);
}
