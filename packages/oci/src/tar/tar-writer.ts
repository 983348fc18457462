import { isAscii, isUtf8 } from 'node:buffer';
import { blockBytes, fields, maxId, metadataLimitBytes } from './layout.ts';
import { formatPaxTime, writeOctal } from './numeric.ts';
import { encodePaxRecord } from './pax.ts';
import { encodeSparseBlocks } from './sparse.ts';
import { type TarEntry, type TarEntryType, tarStoredBytes } from './tar-entry.ts';

/** An entry to write: what is left out is 0, empty or absent, the mode 0o755 for directories and 0o644 otherwise. */
export type TarEntryInput = Pick<TarEntry, 'type' | 'name'> & Partial<Omit<TarEntry, 'type' | 'name'>>;

/** The end marker: two zero blocks. */
export const tarEnd: Uint8Array = new Uint8Array(2 * blockBytes);

/** Zeros that fill content of `sizeBytes` up to whole blocks. */
export function tarPadding(sizeBytes: number): Uint8Array {
  return new Uint8Array((blockBytes - (sizeBytes % blockBytes)) % blockBytes);
}

const typeBytes: Record<TarEntryType, string> = {
  file: '0',
  'hard-link': '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};

/**
 * Encodes what stands before an entry's content: a ustar header, and a PAX header in front of it for what ustar cannot
 * hold (long or non-ASCII names, big numbers, sub-second times, xattrs, sparse maps in GNU's form 1.0).
 *
 * Canonical: equal entries give equal bytes, everywhere and always. Owners' names are left empty, records are sorted, a
 * directory's name gets its trailing slash. After it come `tarStoredBytes(entry)` bytes of content and `tarPadding` of them.
 * Throws `RangeError` for what no tar can say (empty names, NUL in a name, ids past 2³² − 2, negative numbers, 1 MB of xattrs).
 */
export function encodeTarHeader(input: TarEntryInput): Uint8Array {
  const entry = completeEntry(input);
  const records = new Map<string, Uint8Array>();
  const isSparse = entry.segments !== undefined;
  const map = entry.segments === undefined ? noBytes : encodeSparseBlocks(entry.segments, entry.sizeBytes);
  const header = Buffer.alloc(blockBytes);
  if (isSparse) addSparseRecords(records, entry);
  writeNames(header, entry, records);
  writeOctal(header, fields.mode, entry.mode);
  writeNumber(header, records, { field: fields.uid, keyword: 'uid', value: entry.uid });
  writeNumber(header, records, { field: fields.gid, keyword: 'gid', value: entry.gid });
  const memberBytes = map.length + tarStoredBytes(entry);
  writeNumber(header, records, { field: fields.size, keyword: 'size', value: memberBytes });
  writeTimes(header, entry, records);
  writeDevice(header, entry, records);
  for (const [name, value] of entry.xattrs) addXattr(records, name, value);
  finishHeader(header, typeBytes[entry.type]);
  return Buffer.concat([encodePaxHeader(records), header, map]);
}

const noBytes: Uint8Array = new Uint8Array(0);
const slash = 0x2f;

function completeEntry(input: TarEntryInput): TarEntry {
  const isFile = input.type === 'file';
  const isLink = input.type === 'hard-link' || input.type === 'symlink';
  const entry: TarEntry = {
    linkName: noBytes,
    mode: input.type === 'directory' ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    mtimeNs: 0n,
    atimeNs: undefined,
    ctimeNs: undefined,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map(),
    ...input,
    sizeBytes: isFile ? (input.sizeBytes ?? 0) : 0,
    segments: isFile ? input.segments : undefined,
  };
  checkNumber('mode', entry.mode, 0o7777);
  checkNumber('uid', entry.uid, maxId);
  checkNumber('gid', entry.gid, maxId);
  checkNumber('sizeBytes', entry.sizeBytes, Number.MAX_SAFE_INTEGER);
  checkNumber('deviceMajor', entry.deviceMajor, 0xffff_ffff);
  checkNumber('deviceMinor', entry.deviceMinor, 0xffff_ffff);
  checkName('name', entry.name);
  if (isLink) checkName('linkName', entry.linkName);
  return entry;
}

function checkNumber(what: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`the ${what} of a tar entry cannot be ${value}`);
  }
}

function checkName(what: string, bytes: Uint8Array): void {
  if (bytes.length === 0) throw new RangeError(`the ${what} of a tar entry is empty`);
  if (bytes.includes(0)) throw new RangeError(`the ${what} of a tar entry holds a NUL byte`);
}

function addSparseRecords(records: Map<string, Uint8Array>, entry: TarEntry): void {
  records.set('GNU.sparse.major', Buffer.from('1'));
  records.set('GNU.sparse.minor', Buffer.from('0'));
  records.set('GNU.sparse.realsize', Buffer.from(String(entry.sizeBytes)));
}

function writeNames(header: Buffer, entry: TarEntry, records: Map<string, Uint8Array>): void {
  const name = entry.type === 'directory' ? withSlash(entry.name) : entry.name;
  if (entry.segments !== undefined) {
    records.set('GNU.sparse.name', name);
    header.write('GNUSparseFile.0', fields.name.at, 'latin1');
  } else if (!writeName(header, name)) {
    records.set('path', name);
    header.set(name.subarray(0, fields.name.length).filter(isAsciiByte), fields.name.at);
  }
  if (entry.type === 'hard-link' || entry.type === 'symlink') {
    const { linkName } = entry;
    if (linkName.length <= fields.linkName.length && isAscii(linkName)) {
      header.set(linkName, fields.linkName.at);
    } else {
      records.set('linkpath', linkName);
    }
  }
  const stored = ['path', 'linkpath', 'GNU.sparse.name'].map((keyword) => records.get(keyword));
  // POSIX: without this record names are UTF-8.
  if (!stored.every((bytes) => bytes === undefined || isUtf8(bytes))) {
    records.set('hdrcharset', Buffer.from('BINARY'));
  }
}

function withSlash(name: Uint8Array): Uint8Array {
  return name.at(-1) === slash ? name : Buffer.concat([name, Buffer.from('/')]);
}

function isAsciiByte(byte: number): boolean {
  return byte < 0x80;
}

/** Puts an ASCII name into the name field, or splits it between prefix and name. False when neither will do. */
function writeName(header: Buffer, name: Uint8Array): boolean {
  const { name: nameField, prefix } = fields;
  if (name.length > nameField.length + prefix.length + 1 || !isAscii(name)) return false;
  if (name.length <= nameField.length) {
    header.set(name, nameField.at);
    return true;
  }
  // The longest prefix that fits; the name after it must not be empty.
  const split = name.lastIndexOf(slash, Math.min(prefix.length, name.length - 2));
  if (split < 1 || name.length - split - 1 > nameField.length) return false;
  header.set(name.subarray(0, split), prefix.at);
  header.set(name.subarray(split + 1), nameField.at);
  return true;
}

interface NumberToWrite {
  field: { at: number; length: number };
  keyword: string;
  value: number;
}

function writeNumber(
  header: Buffer,
  records: Map<string, Uint8Array>,
  { field, keyword, value }: NumberToWrite,
): void {
  if (writeOctal(header, field, value)) return;
  writeOctal(header, field, 0);
  records.set(keyword, Buffer.from(String(value)));
}

function writeTimes(header: Buffer, entry: TarEntry, records: Map<string, Uint8Array>): void {
  const { mtimeNs, atimeNs, ctimeNs } = entry;
  const isWhole = mtimeNs % 1_000_000_000n === 0n;
  const fits = writeOctal(header, fields.mtime, Number(mtimeNs / 1_000_000_000n));
  if (!fits) writeOctal(header, fields.mtime, 0);
  if (!fits || !isWhole || mtimeNs < 0n) records.set('mtime', Buffer.from(formatPaxTime(mtimeNs)));
  if (atimeNs !== undefined) records.set('atime', Buffer.from(formatPaxTime(atimeNs)));
  if (ctimeNs !== undefined) records.set('ctime', Buffer.from(formatPaxTime(ctimeNs)));
}

function writeDevice(header: Buffer, entry: TarEntry, records: Map<string, Uint8Array>): void {
  const isDevice = entry.type === 'character-device' || entry.type === 'block-device';
  const { deviceMajor, deviceMinor } = isDevice ? entry : { deviceMajor: 0, deviceMinor: 0 };
  writeNumber(header, records, {
    field: fields.deviceMajor,
    keyword: 'SCHILY.devmajor',
    value: deviceMajor,
  });
  writeNumber(header, records, {
    field: fields.deviceMinor,
    keyword: 'SCHILY.devminor',
    value: deviceMinor,
  });
}

function addXattr(records: Map<string, Uint8Array>, name: string, value: Uint8Array): void {
  checkName('xattr name', Buffer.from(name));
  // A keyword cannot hold `=`; libarchive's form encodes the name.
  if (name.includes('=')) {
    const base64 = Buffer.from(value).toString('base64');
    records.set(`LIBARCHIVE.xattr.${encodeURIComponent(name)}`, Buffer.from(base64));
  } else {
    records.set(`SCHILY.xattr.${name}`, value);
  }
}

function finishHeader(header: Buffer, type: string): void {
  header.write(type, fields.type.at, 'latin1');
  header.write('ustar\u000000', fields.magic.at, 'latin1');
  header.write(' '.repeat(fields.checksum.length), fields.checksum.at, 'latin1');
  let sum = 0;
  for (let index = 0; index < blockBytes; index += 1) sum += header[index] as number;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, fields.checksum.at, 'latin1');
}

function encodePaxHeader(records: ReadonlyMap<string, Uint8Array>): Uint8Array {
  if (records.size === 0) return noBytes;
  const sorted = [...records].sort(([left], [right]) =>
    Buffer.compare(Buffer.from(left), Buffer.from(right)),
  );
  const body = Buffer.concat(sorted.map(([keyword, value]) => encodePaxRecord(keyword, value)));
  if (body.length > metadataLimitBytes) {
    throw new RangeError(`the extended attributes and names of a tar entry take ${body.length} bytes`);
  }
  const header = Buffer.alloc(blockBytes);
  header.write('././@PaxHeader', fields.name.at, 'latin1');
  for (const field of [fields.uid, fields.gid, fields.mtime, fields.deviceMajor, fields.deviceMinor]) {
    writeOctal(header, field, 0);
  }
  writeOctal(header, fields.mode, 0o644);
  writeOctal(header, fields.size, body.length);
  finishHeader(header, 'x');
  return Buffer.concat([header, body, tarPadding(body.length)]);
}
