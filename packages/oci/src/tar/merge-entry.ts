import { CorruptTarError } from '../errors.ts';
import type { RawHeader } from './header.ts';
import { maxId } from './layout.ts';
import { parseDecimal, parsePaxTime } from './numeric.ts';
import { type PaxRecords, paxXattrs } from './pax.ts';
import { parseSparseList } from './sparse.ts';
import type { TarEntry, TarEntryType } from './tar-entry.ts';

/** What came before a header and applies to it. */
export interface Extensions {
  /** Names of GNU `L` and `K` members. */
  longName: Uint8Array | undefined;
  longLink: Uint8Array | undefined;
  local: PaxRecords | undefined;
  global: PaxRecords | undefined;
}

export interface MergedEntry {
  entry: TarEntry;
  /** Size of the member in the archive: with a 1.0 sparse map in front, without holes. */
  memberBytes: number;
  /** Where the sparse map is, if there is one. */
  sparse: 'none' | 'records' | 'blocks';
  /** The pairs of a sparse map in the records. */
  sparseNumbers: number[];
}

const noBytes: Uint8Array = new Uint8Array(0);
const noXattrs: ReadonlyMap<string, Uint8Array> = new Map();
const nsPerSecond = 1_000_000_000n;
const slash = 0x2f;

/** Applies long names and PAX records to a header. Throws `CorruptTarError` for unknown types, bad ids and names. */
export function mergeEntry(raw: RawHeader, extensions: Extensions): MergedEntry {
  const entry: TarEntry = {
    type: 'file',
    name: extensions.longName ?? raw.name,
    linkName: extensions.longLink ?? raw.linkName,
    mode: raw.mode,
    uid: raw.uid,
    gid: raw.gid,
    sizeBytes: raw.sizeBytes,
    mtimeNs: BigInt(raw.mtimeSeconds) * nsPerSecond,
    atimeNs: toNs(raw.atimeSeconds),
    ctimeNs: toNs(raw.ctimeSeconds),
    deviceMajor: raw.deviceMajor,
    deviceMinor: raw.deviceMinor,
    xattrs: noXattrs,
    segments: undefined,
  };
  const merged: MergedEntry = { entry, memberBytes: 0, sparse: 'none', sparseNumbers: [] };
  applyPax(merged, extensions);
  entry.type = typeOf(raw.type, entry.name);
  checkFields(entry);
  return merged;
}

function toNs(seconds: number | undefined): bigint | undefined {
  return seconds === undefined ? undefined : BigInt(seconds) * nsPerSecond;
}

function applyPax(merged: MergedEntry, extensions: Extensions): void {
  const { entry } = merged;
  merged.memberBytes = entry.sizeBytes;
  const values = mergeValues(extensions.global, extensions.local);
  if (values === undefined) return;
  for (const [keyword, value] of values) {
    // POSIX: an empty value takes the record back, and the header's own field counts.
    if (value.length > 0) applyRecord(merged, keyword, value, extensions);
  }
  entry.xattrs = paxXattrs(values);
  applySparse(merged, values, extensions.local?.sparse.numbers ?? []);
}

function mergeValues(
  global: PaxRecords | undefined,
  local: PaxRecords | undefined,
): ReadonlyMap<string, Uint8Array> | undefined {
  if (global === undefined) return local?.values;
  return local === undefined ? global.values : new Map([...global.values, ...local.values]);
}

function applyRecord(
  merged: MergedEntry,
  keyword: string,
  value: Uint8Array,
  { longName, longLink }: Extensions,
): void {
  const { entry } = merged;
  switch (keyword) {
    case 'path':
      // As Go reads: GNU's long name wins over PAX when an archive has both.
      if (longName === undefined) entry.name = value;
      break;
    case 'linkpath':
      if (longLink === undefined) entry.linkName = value;
      break;
    case 'size':
      entry.sizeBytes = parseDecimal(value, 'the PAX size');
      merged.memberBytes = entry.sizeBytes;
      break;
    case 'uid':
      entry.uid = parseDecimal(value, 'the PAX uid');
      break;
    case 'gid':
      entry.gid = parseDecimal(value, 'the PAX gid');
      break;
    case 'mtime':
      entry.mtimeNs = parsePaxTime(value, 'the PAX mtime');
      break;
    case 'atime':
      entry.atimeNs = parsePaxTime(value, 'the PAX atime');
      break;
    case 'ctime':
      entry.ctimeNs = parsePaxTime(value, 'the PAX ctime');
      break;
    case 'SCHILY.devmajor':
      entry.deviceMajor = parseDecimal(value, keyword);
      break;
    case 'SCHILY.devminor':
      entry.deviceMinor = parseDecimal(value, keyword);
      break;
    default:
  }
}

function applySparse(
  merged: MergedEntry,
  values: ReadonlyMap<string, Uint8Array>,
  repeatedNumbers: number[],
): void {
  const { entry } = merged;
  const realSize = values.get('GNU.sparse.realsize') ?? values.get('GNU.sparse.size');
  if (realSize === undefined) return;
  const name = values.get('GNU.sparse.name');
  if (name !== undefined && name.length > 0) entry.name = name;
  entry.sizeBytes = parseDecimal(realSize, 'the real size of a sparse file');
  const major = values.get('GNU.sparse.major');
  const map = values.get('GNU.sparse.map');
  if (major !== undefined) {
    const minor = values.get('GNU.sparse.minor') ?? noBytes;
    if (!isDigit(major, 1) || !isDigit(minor, 0))
      throw new CorruptTarError('unknown version of a sparse map');
    merged.sparse = 'blocks';
  } else {
    merged.sparse = 'records';
    merged.sparseNumbers = map === undefined ? repeatedNumbers : parseSparseList(map);
  }
}

function isDigit(bytes: Uint8Array, digit: number): boolean {
  return bytes.length === 1 && bytes[0] === 0x30 + digit;
}

function typeOf(byte: number, name: Uint8Array): TarEntryType {
  switch (byte) {
    case 0:
      // Archives from before POSIX.1-1988 tell a directory by its name.
      return name.at(-1) === slash ? 'directory' : 'file';
    case 0x30: // 0
    case 0x37: // 7: contiguous
    case 0x53: // S: GNU sparse
      return 'file';
    case 0x31:
      return 'hard-link';
    case 0x32:
      return 'symlink';
    case 0x33:
      return 'character-device';
    case 0x34:
      return 'block-device';
    case 0x35:
      return 'directory';
    case 0x36:
      return 'fifo';
    default:
      throw new CorruptTarError(`entry type ${JSON.stringify(String.fromCharCode(byte))} is not supported`);
  }
}

function checkFields(entry: TarEntry): void {
  if (entry.name.length === 0) throw new CorruptTarError('an entry has no name');
  if (entry.name.includes(0) || entry.linkName.includes(0)) {
    throw new CorruptTarError('a name holds a NUL byte');
  }
  if (entry.uid < 0 || entry.uid > maxId) throw new CorruptTarError(`uid ${entry.uid} is out of range`);
  if (entry.gid < 0 || entry.gid > maxId) throw new CorruptTarError(`gid ${entry.gid} is out of range`);
  if (entry.sizeBytes < 0) throw new CorruptTarError('an entry has a negative size');
  if (entry.deviceMajor < 0 || entry.deviceMinor < 0) {
    throw new CorruptTarError('an entry has a negative device number');
  }
  const isLink = entry.type === 'hard-link' || entry.type === 'symlink';
  if (isLink && entry.linkName.length === 0) throw new CorruptTarError('a link has no target');
  if (!isLink) entry.linkName = noBytes;
  if (entry.type !== 'character-device' && entry.type !== 'block-device') {
    entry.deviceMajor = 0;
    entry.deviceMinor = 0;
  }
}
