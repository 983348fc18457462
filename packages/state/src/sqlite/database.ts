import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreBusyError, StoreDamagedError, StoreFailedError, StoreFullError } from '../errors.ts';
import { checksumOf, type DocumentRow } from './document-row.ts';

/** Version of the tables, in the header's `user_version`. */
export const storeVersion = 1;

/** "Gant", in the header's `application_id`: tells our file from any other database. */
export const applicationId = 0x47616e74;

/** Fixed, so that the pages of a file whose header is gone can still be told apart. */
export const pageBytes = 4096;

/** Primary result codes (sqlite.org/rescode.html). */
const generalError = 1;
const busy = 5;
const locked = 6;
const ioError = 10;
const corrupt = 11;
const full = 13;
const notADatabase = 26;
/** Extended codes that say that the file is too short, or its checksums wrong. */
const damagedIo: readonly number[] = [(2 << 8) | ioError, (32 << 8) | ioError, (33 << 8) | ioError];

const schema = `
  CREATE TABLE documents (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (collection, key)
  ) STRICT`;

/** Throws `StoreBusyError` while another process has the database open. Writes nothing. */
export function probeLock(file: string): void {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 0 });
  try {
    database.prepare('PRAGMA schema_version').get();
  } catch (error) {
    const code = resultCode(error) ?? 0;
    if ((code & 0xff) === busy || (code & 0xff) === locked) throw new StoreBusyError(file, error);
    // What else may be wrong with it is for the inspection to say.
  } finally {
    database.close();
  }
}

/**
 * Opens an existing database for this process alone: WAL, synced at every commit. Deleted content is zeroed, so that
 * a salvage does not bring it back.
 */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    database.exec('PRAGMA secure_delete = ON');
    database.exec(`PRAGMA journal_size_limit = ${8 << 20}`);
    database.exec('PRAGMA trusted_schema = OFF');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Makes a database of `rows` at `file`: whole and durable or not there at all. Replaces what a crash left of an earlier
 * attempt.
 */
export function createDatabase(file: string, rows: Iterable<DocumentRow> = []): void {
  const unfinished = `${file}.new`;
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(unfinished + suffix, { force: true });
  closeSync(openSync(unfinished, 'wx', 0o600));
  const database = new DatabaseSync(unfinished);
  try {
    database.exec(`PRAGMA page_size = ${pageBytes}`);
    database.exec('PRAGMA synchronous = FULL');
    database.exec('BEGIN');
    database.exec(schema);
    database.exec(`PRAGMA user_version = ${storeVersion}`);
    database.exec(`PRAGMA application_id = ${applicationId}`);
    const insert = database.prepare('INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)');
    for (const row of rows) {
      insert.run(row.collection, row.key, row.version, row.sequence, checksumOf(row), row.document);
    }
    database.exec('COMMIT');
  } finally {
    database.close();
  }
  renameSync(unfinished, file);
  syncDirectoryOf(file);
}

/** Makes renames beside `file` durable. */
export function syncDirectoryOf(file: string): void {
  const fd = openSync(path.dirname(file), 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** True for an error of SQLite that says that the file's content is damaged. */
export function isDamage(error: unknown): boolean {
  const code = resultCode(error);
  if (code === undefined) return false;
  return (code & 0xff) === corrupt || (code & 0xff) === notADatabase || damagedIo.includes(code);
}

/**
 * True for an error that, while a file is opened and inspected, can only come from its content: damage, and SQLite's
 * general error (malformed schema, missing table, unknown file format), as our own statements are right.
 */
export function isUnreadable(error: unknown): boolean {
  return isDamage(error) || ((resultCode(error) ?? 0) & 0xff) === generalError;
}

/** An error of SQLite as one of ours; anything else as it is. */
export function translateError(error: unknown, file: string): unknown {
  const code = resultCode(error);
  if (code === undefined || !(error instanceof Error)) return error;
  if (isDamage(error)) return new StoreDamagedError(file, error);
  switch (code & 0xff) {
    case full:
      return new StoreFullError(file, error);
    case busy:
    case locked:
      return new StoreBusyError(file, error);
    default:
      return new StoreFailedError(file, error);
  }
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}
