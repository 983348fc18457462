import type { DatabaseSync } from 'node:sqlite';
import { errorMessage } from '@gantry/base';
import { applicationId, isUnreadable, storeVersion } from './database.ts';
import { type DocumentRow, isIntact } from './document-row.ts';

/** What is wrong with an open database, in words; undefined when nothing is. Reads all of it. */
export function findDamage(database: DatabaseSync): string | undefined {
  try {
    const id = database.prepare('PRAGMA application_id').get()?.['application_id'];
    if (id !== applicationId) return `not a store of this program (application id ${String(id)})`;
    const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
    if (version !== storeVersion) return `a header with version ${String(version)}`;
    const problem = database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    if (problem !== 'ok') return String(problem);
    return findDamagedDocument(database);
  } catch (error) {
    if (isUnreadable(error)) return errorMessage(error);
    throw error;
  }
}

function findDamagedDocument(database: DatabaseSync): string | undefined {
  const all = database.prepare(
    'SELECT collection, key, version, sequence, checksum, document FROM documents NOT INDEXED',
  );
  for (const row of all.iterate() as Iterable<DocumentRow & { checksum: number }>) {
    if (!isIntact(row, row.checksum))
      return `document ${JSON.stringify(row.key)} of ${row.collection} is damaged`;
  }
  return undefined;
}
