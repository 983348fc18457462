import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { carveRecords } from './carve-records.ts';
import { createDatabase, syncDirectoryOf } from './database.ts';
import { readRawPages } from './raw-pages.ts';

/** What became of a damaged store. */
export interface DamageReport {
  /** What was found, in words. */
  readonly problem: string;
  /** Where the damaged file is now. */
  readonly setAsidePath: string;
  /** Documents that the new store has. */
  readonly salvaged: number;
  /** Documents that are known to have been there. What no page names any more is not among them. */
  readonly lost: readonly { collection: string; key: string }[];
}

/** Files that belong to a database besides itself. */
const companions = ['-wal', '-shm', '-journal'];

/**
 * Puts every intact document of a damaged file into a new one in its place and sets the damaged one aside as
 * `<file>.damaged-<n>`. A crash at any point leaves either the damaged file as it was, or what `finishSalvage` completes.
 */
export function salvage(file: string, problem: string): DamageReport {
  const { rows, lost } = carveRecords(readRawPages(file));
  const number = nextNumber(file);
  createDatabase(`${file}.salvaged-${number}`, rows);
  finishSalvage(file);
  return { problem, setAsidePath: `${file}.damaged-${number}`, salvaged: rows.length, lost };
}

/** Completes what a crash interrupted after the new file was whole. Does nothing where nothing is to be completed. */
export function finishSalvage(file: string): void {
  const number = numbersOf(file, 'salvaged').at(0);
  if (number === undefined) return;
  for (const suffix of ['', ...companions]) {
    if (existsSync(file + suffix)) renameSync(file + suffix, `${file}.damaged-${number}${suffix}`);
  }
  syncDirectoryOf(file);
  renameSync(`${file}.salvaged-${number}`, file);
  syncDirectoryOf(file);
  for (const suffix of companions) rmSync(`${file}.salvaged-${number}${suffix}`, { force: true });
}

function nextNumber(file: string): number {
  return Math.max(0, ...numbersOf(file, 'damaged'), ...numbersOf(file, 'salvaged')) + 1;
}

function numbersOf(file: string, word: 'damaged' | 'salvaged'): number[] {
  const prefix = `${path.basename(file)}.${word}-`;
  return readdirSync(path.dirname(file))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
}
