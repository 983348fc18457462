import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { errorMessage, type Logger } from '@gantry/base';
import { NewerStoreError, StoreDamagedError } from './errors.ts';
import type { MetadataStore } from './metadata-store.ts';
import {
  createDatabase,
  isUnreadable,
  openDatabase,
  probeLock,
  storeVersion,
  translateError,
} from './sqlite/database.ts';
import { findDamage } from './sqlite/inspect-database.ts';
import { findHeaderDamage, isLogDamaged, readRawPages, storedVersion } from './sqlite/raw-pages.ts';
import { type DamageReport, finishSalvage, salvage } from './sqlite/salvage.ts';
import { SqliteMetadataStore } from './sqlite/sqlite-metadata-store.ts';

export interface MetadataStoreOptions {
  /** The file. Made when it is missing, its directory too; readable by its owner only. */
  path: string;
  logger: Logger;
  /** Called when the store was damaged, after what is readable was put into a new one. */
  onDamage?: (report: DamageReport) => void;
}

/**
 * Opens the store of one engine and checks all of it (about 7 ms for 1,000 documents).
 *
 * A damaged file is set aside as `<path>.damaged-<n>`; every document that is still whole goes into a new file in its
 * place, and the report names what is known to be lost. Throws `NewerStoreError`, and touches nothing, when a newer
 * program wrote the file, and `StoreBusyError` while another process has it open.
 */
export function openMetadataStore({ path: file, logger, onDamage }: MetadataStoreOptions): MetadataStore {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  refuseNewer(file);
  try {
    finishSalvage(file);
    if (!existsSync(file) && !existsSync(`${file}-wal`)) createDatabase(file);
    const problem = openChecked(file);
    if (typeof problem !== 'string') return problem;
    const report = salvage(file, problem);
    logReport(logger, report);
    onDamage?.(report);
    const salvaged = openChecked(file);
    if (typeof salvaged !== 'string') return salvaged;
    throw new StoreDamagedError(file, new Error(`again, right after a salvage: ${salvaged}`));
  } catch (error) {
    throw translateError(error, file);
  }
}

function logReport(logger: Logger, { problem, setAsidePath, salvaged, lost }: DamageReport): void {
  const named = lost.slice(0, 20).map(({ collection, key }) => `${collection}/${key}`);
  const fields = { problem, setAsidePath, salvaged, lost: lost.length, lostDocuments: named };
  logger.error('the metadata store was damaged', { component: 'state', ...fields });
}

function refuseNewer(file: string): void {
  const version = storedVersion(readRawPages(file)) ?? 0;
  if (version > storeVersion) throw new NewerStoreError(`the metadata store ${file}`, version, storeVersion);
}

/** The open store, or what is wrong with it. */
function openChecked(file: string): SqliteMetadataStore | string {
  if (!existsSync(file)) return 'the file is gone and only its log is left';
  probeLock(file);
  // Before SQLite may write to the file: it is set aside as it is.
  const problem = findHeaderDamage(readRawPages(file));
  if (problem !== undefined) return problem;
  if (isLogDamaged(file)) return 'its log is damaged in the middle';
  try {
    return openInspected(file);
  } catch (error) {
    if (isUnreadable(error)) return errorMessage(error);
    throw error;
  }
}

function openInspected(file: string): SqliteMetadataStore | string {
  const database = openDatabase(file);
  try {
    const problem = findDamage(database);
    if (problem === undefined) return new SqliteMetadataStore(database, file);
    database.close();
    return problem;
  } catch (error) {
    database.close();
    throw error;
  }
}
