import { crc32 } from 'node:zlib';

/** A document as the table `documents` has it. */
export interface DocumentRow {
  collection: string;
  key: string;
  /** Of the document's shape. */
  version: number;
  /** Grows with every change of the store: of two copies of a document the greater one is the later. */
  sequence: number;
  /** JSON. */
  document: string;
}

/** SQLite does not notice a flipped bit within a value: each row carries a checksum over all of it. */
export function checksumOf(row: DocumentRow): number {
  return crc32(`${row.collection}\0${row.key}\0${row.version}\0${row.sequence}\0${row.document}`);
}

/** True when the row is as it was written and its document is JSON. */
export function isIntact(row: DocumentRow, checksum: number): boolean {
  if (checksumOf(row) !== checksum) return false;
  try {
    JSON.parse(row.document);
    return true;
  } catch {
    return false;
  }
}
