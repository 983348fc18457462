import { pageBytes } from './database.ts';
import { type DocumentRow, isIntact } from './document-row.ts';
import type { RawPages } from './raw-pages.ts';

/** What can be read in the pages of a damaged file. */
export interface CarvedRecords {
  /** Intact documents, the latest copy of each. */
  readonly rows: readonly DocumentRow[];
  /** Documents that are known by name only: from the index, or from a row whose checksum is wrong. */
  readonly lost: readonly { collection: string; key: string }[];
}

type Value = string | number | null;

interface CarvedRecord {
  /** Of a row of the table. */
  rowid: number | undefined;
  values: readonly Value[];
}

/**
 * Reads every page as if it were a leaf of the table or a page of its index, whatever it claims to be
 * (sqlite.org/fileformat2.html, sections 1.6 and 2): what is none yields nothing, and each row's checksum tells whether
 * it is one. So a damaged header, root or inner page costs nothing, and a damaged leaf only itself.
 */
export function carveRecords(pages: RawPages): CarvedRecords {
  const rows = new Map<string, DocumentRow>();
  const rowids = new Set<number>();
  const named = new Map<number, NamedDocument>();
  for (let number = 1; number <= pages.count; number += 1) {
    for (const { rowid, values } of recordsOf(pages, number)) {
      const row = rowOf(values);
      if (row !== undefined) {
        const name = nameOf(row);
        const known = rows.get(name);
        if (known === undefined || known.sequence < row.sequence) rows.set(name, row);
        if (rowid !== undefined) rowids.add(rowid);
      } else {
        addName(named, rowid, values);
      }
    }
  }
  // A damaged name in the index still has the number of a row that is whole.
  const lost = [...named].filter(([rowid, document]) => !rowids.has(rowid) && !rows.has(nameOf(document)));
  return { rows: [...rows.values()], lost: lost.map(([, document]) => document) };
}

interface NamedDocument {
  collection: string;
  key: string;
}

function nameOf({ collection, key }: NamedDocument): string {
  return `${collection}\0${key}`;
}

/** Takes the name in the index before the one in a damaged row. */
function addName(
  named: Map<number, NamedDocument>,
  rowid: number | undefined,
  values: readonly Value[],
): void {
  const [collection, key, indexed] = values;
  if (typeof collection !== 'string' || typeof key !== 'string') return;
  if (values.length === 3 && typeof indexed === 'number') named.set(indexed, { collection, key });
  else if (values.length === 6 && rowid !== undefined && !named.has(rowid))
    named.set(rowid, { collection, key });
}

function rowOf(record: readonly Value[]): DocumentRow | undefined {
  const [collection, key, version, sequence, checksum, document] = record;
  if (record.length !== 6 || typeof collection !== 'string' || typeof key !== 'string') return undefined;
  if (typeof version !== 'number' || typeof sequence !== 'number') return undefined;
  if (typeof checksum !== 'number' || typeof document !== 'string') return undefined;
  const row = { collection, key, version, sequence, document };
  return isIntact(row, checksum) ? row : undefined;
}

/** How the cells of a kind of page begin, and how much of a payload they hold themselves. */
interface CellKind {
  hasRowid: boolean;
  hasChild: boolean;
  maxLocalBytes: number;
}

const minLocalBytes = Math.floor(((pageBytes - 12) * 32) / 255) - 23;
const maxIndexBytes = Math.floor(((pageBytes - 12) * 64) / 255) - 23;
const tableLeaf: CellKind = { hasRowid: true, hasChild: false, maxLocalBytes: pageBytes - 35 };
const indexLeaf: CellKind = { hasRowid: false, hasChild: false, maxLocalBytes: maxIndexBytes };
const indexInner: CellKind = { hasRowid: false, hasChild: true, maxLocalBytes: maxIndexBytes };

/** Type byte of pages that hold keys of the index; any other page is tried as a leaf of the table. */
const indexKinds = new Map<number | undefined, CellKind>([
  [0x0a, indexLeaf],
  [0x02, indexInner],
]);

function* recordsOf(pages: RawPages, number: number): Generator<CarvedRecord> {
  const page = pages.page(number);
  if (page === undefined) return;
  const start = number === 1 ? 100 : 0;
  const kind = indexKinds.get(page[start]) ?? tableLeaf;
  const pointers = start + (kind.hasChild ? 12 : 8);
  const cells = Math.min(page.readUInt16BE(start + 3), Math.floor((pageBytes - pointers) / 2));
  for (let index = 0; index < cells; index += 1) {
    const record = readCell(pages, page, page.readUInt16BE(pointers + 2 * index), kind);
    if (record !== undefined) yield record;
  }
}

/** Undefined for what is no cell: pointers and lengths that lead outside. */
function readCell(pages: RawPages, page: Buffer, at: number, kind: CellKind): CarvedRecord | undefined {
  try {
    const [payloadBytes, afterLength] = readVarint(page, kind.hasChild ? at + 4 : at);
    const [rowid, afterRowid] = kind.hasRowid ? readVarint(page, afterLength) : [undefined, afterLength];
    const payload = readPayload(pages, page.subarray(afterRowid), payloadBytes, kind);
    return { rowid, values: readRecord(payload) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function readPayload(pages: RawPages, cell: Buffer, payloadBytes: number, kind: CellKind): Buffer {
  if (payloadBytes > pages.count * pageBytes) throw new RangeError('longer than the file');
  if (payloadBytes <= kind.maxLocalBytes) return cell.subarray(0, payloadBytes);
  const overflowBytes = pageBytes - 4;
  const surplus = minLocalBytes + ((payloadBytes - minLocalBytes) % overflowBytes);
  const localBytes = surplus <= kind.maxLocalBytes ? surplus : minLocalBytes;
  const pieces = [cell.subarray(0, localBytes)];
  let missing = payloadBytes - localBytes;
  let next = cell.readUInt32BE(localBytes);
  while (missing > 0) {
    const page = pages.page(next);
    if (page === undefined) throw new RangeError('an overflow page is missing');
    pieces.push(page.subarray(4, 4 + Math.min(missing, overflowBytes)));
    missing -= overflowBytes;
    next = page.readUInt32BE(0);
  }
  return Buffer.concat(pieces);
}

function readRecord(payload: Buffer): Value[] {
  const [headerBytes, first] = readVarint(payload, 0);
  const values: Value[] = [];
  let cursor = first;
  let at = headerBytes;
  while (cursor < headerBytes) {
    const [type, next] = readVarint(payload, cursor);
    const length = lengthOf(type);
    if (at + length > payload.length || values.length >= 6) throw new RangeError('no record of ours');
    values.push(readValue(payload, at, type));
    at += length;
    cursor = next;
  }
  return values;
}

const integerBytes: readonly number[] = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function lengthOf(type: number): number {
  return type >= 12 ? Math.floor((type - 12) / 2) : (integerBytes[type] ?? 0);
}

function readValue(payload: Buffer, at: number, type: number): Value {
  if (type >= 13 && type % 2 === 1) return payload.toString('utf8', at, at + lengthOf(type));
  if (type === 8 || type === 9) return type - 8;
  if (type >= 1 && type <= 5) return payload.readIntBE(at, lengthOf(type));
  return type === 6 ? Number(payload.readBigInt64BE(at)) : null;
}

/** SQLite's varint: up to nine bytes, seven bits each. Throws `RangeError` outside the bytes and past 2⁵³. */
function readVarint(bytes: Buffer, start: number): [value: number, next: number] {
  let value = 0;
  for (let at = start; at < start + 9; at += 1) {
    const byte = bytes.readUInt8(at);
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('a number too large');
    if (byte < 0x80) return [value, at + 1];
  }
  throw new RangeError('a number too long');
}
