import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { faultPoint } from '@gantry/base';
import { CorruptDocumentError, NewerStoreError, StoreFailedError } from '../errors.ts';
import type {
  Collection,
  CollectionOptions,
  Lasting,
  MetadataStore,
  PageRequest,
  TransactionOptions,
} from '../metadata-store.ts';
import { translateError } from './database.ts';
import { checksumOf, type DocumentRow } from './document-row.ts';
import { keyAfterPrefix } from './key-range.ts';
import { LogSync } from './log-sync.ts';

/** In SQLite's order a blob comes after every text. */
const aboveAllText: Uint8Array = new Uint8Array(0);

type StoredRow = DocumentRow & { checksum: number };

/**
 * Documents in one SQLite table. Every change outside a transaction is one commit, synced before it returns unless it need
 * not outlast the boot, or is synced later: the write-ahead log is in the kernel's hands then. Use `openMetadataStore`,
 * which checks the file first.
 */
export class SqliteMetadataStore implements MetadataStore {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #statements: Statements;
  readonly #logSync: LogSync;
  readonly #collections = new Map<string, { version: number; collection: Collection<unknown> }>();
  #sequence: number;
  #depth = 0;
  /** What the outermost transaction is for. */
  #lasts: Lasting = 'always';

  constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
    this.#statements = prepareStatements(database);
    this.#logSync = new LogSync(file);
    this.#sequence = Number(
      database.prepare('SELECT max(sequence) AS last FROM documents').get()?.['last'] ?? 0,
    );
  }

  collection<T>(name: string, options: CollectionOptions<T>): Collection<T> {
    const known = this.#collections.get(name);
    if (known !== undefined) {
      if (known.version !== options.version) {
        throw new TypeError(
          `collection ${name} is open with version ${known.version}, not ${options.version}`,
        );
      }
      return known.collection as Collection<T>;
    }
    checkName(name);
    this.#migrate(name, options);
    const collection = this.#makeCollection<T>(name, options);
    this.#collections.set(name, { version: options.version, collection });
    return collection;
  }

  transaction<T>(work: () => T, { lasts = 'always', sync = 'now' }: TransactionOptions = {}): T {
    if (this.#depth > 0 || (lasts === 'always' && sync === 'now')) return this.#transact(work);
    this.#execute('PRAGMA synchronous = NORMAL');
    this.#lasts = lasts;
    try {
      const result = this.#transact(work);
      if (lasts === 'always') this.#logSync.fallBehind();
      return result;
    } finally {
      this.#lasts = 'always';
      this.#execute('PRAGMA synchronous = FULL');
    }
  }

  async synced(): Promise<void> {
    try {
      await this.#logSync.catchUp();
    } catch (error) {
      throw new StoreFailedError(this.#file, error as Error);
    }
  }

  /** Idempotent. Writes the log back into the file, synced. */
  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
    void this.#logSync[Symbol.asyncDispose]();
  }

  #transact<T>(work: () => T): T {
    const level = this.#depth;
    this.#execute(level === 0 ? 'BEGIN IMMEDIATE' : `SAVEPOINT level${level}`);
    this.#depth += 1;
    try {
      const result = work();
      if (result instanceof Promise)
        throw new TypeError('a transaction is synchronous: its work returned a promise');
      if (level === 0) faultPoint('store/committing');
      this.#execute(level === 0 ? 'COMMIT' : `RELEASE level${level}`);
      if (level === 0) faultPoint('store/committed');
      return result;
    } catch (error) {
      this.#rollBack(level);
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  /** One change of a collection, which is a transaction of its own outside of any. */
  #change<T>(lasts: Lasting, work: () => T): T {
    if (lasts === 'boot' && this.#depth === 0) return this.transaction(work, { lasts });
    if (lasts === 'always' && this.#lasts === 'boot') {
      throw new TypeError('a transaction that lasts for the boot changes a collection that lasts longer');
    }
    const result = work();
    if (this.#depth === 0) faultPoint('store/committed');
    return result;
  }

  #rollBack(level: number): void {
    // SQLite has rolled back by itself after some failures (full disk).
    if (!this.#database.isTransaction) return;
    this.#execute(level === 0 ? 'ROLLBACK' : `ROLLBACK TO level${level}`);
    if (level > 0) this.#execute(`RELEASE level${level}`);
  }

  #migrate<T>(name: string, { version, migrate }: CollectionOptions<T>): void {
    const stored = this.#all(this.#statements.versions, name).map((row) => Number(row['version']));
    const newest = Math.max(0, ...stored);
    if (newest > version) throw new NewerStoreError(`collection ${name} of ${this.#file}`, newest, version);
    if (stored.every((older) => older === version)) return;
    if (migrate === undefined)
      throw new TypeError(`collection ${name} has no migration to version ${version}`);
    this.transaction(() => {
      for (const row of this.#all(this.#statements.all, name) as unknown as StoredRow[]) {
        if (row.version === version) continue;
        this.#put({ collection: name, key: row.key, version }, migrate(decode(row), row.version));
      }
    });
  }

  #makeCollection<T>(collection: string, { version, lasts = 'always' }: CollectionOptions<T>): Collection<T> {
    return {
      get: (key) => {
        const row = this.#run(() => this.#statements.get.get(collection, key)) as StoredRow | undefined;
        return row === undefined ? undefined : (decode(row) as T);
      },
      put: (key, document) => {
        checkName(key);
        this.#change(lasts, () => this.#put({ collection, key, version }, document));
      },
      delete: (key) =>
        this.#change(lasts, () => this.#run(() => this.#statements.delete.run(collection, key)).changes > 0),
      entries: () =>
        (this.#all(this.#statements.all, collection) as unknown as StoredRow[]).map((row) => ({
          key: row.key,
          document: decode(row) as T,
        })),
      page: (wanted) =>
        this.#page(collection, wanted).map((row) => ({ key: row.key, document: decode(row) as T })),
    };
  }

  #put(place: Pick<DocumentRow, 'collection' | 'key' | 'version'>, document: unknown): void {
    const text: string | undefined = JSON.stringify(document);
    if (text === undefined) throw new TypeError(`document ${place.key} of ${place.collection} is not JSON`);
    this.#sequence += 1;
    const row: DocumentRow = { ...place, sequence: this.#sequence, document: text };
    const { collection, key, version, sequence } = row;
    this.#run(() => this.#statements.put.run(collection, key, version, sequence, checksumOf(row), text));
  }

  #page(collection: string, { prefix = '', after = '', limit }: PageRequest): StoredRow[] {
    const rows = this.#run(() =>
      this.#statements.page.all(collection, prefix, after, keyAfterPrefix(prefix) ?? aboveAllText, limit),
    );
    return rows as unknown as StoredRow[];
  }

  #all(statement: StatementSync, collection: string): Record<string, unknown>[] {
    return this.#run(() => statement.all(collection));
  }

  #execute(sql: string): void {
    this.#run(() => this.#database.exec(sql));
  }

  #run<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw translateError(error, this.#file);
    }
  }
}

interface Statements {
  get: StatementSync;
  put: StatementSync;
  delete: StatementSync;
  all: StatementSync;
  page: StatementSync;
  versions: StatementSync;
}

function prepareStatements(database: DatabaseSync): Statements {
  const columns = 'collection, key, version, sequence, checksum, document';
  return {
    get: database.prepare(`SELECT ${columns} FROM documents WHERE collection = ? AND key = ?`),
    put: database.prepare(`INSERT INTO documents (${columns}) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (collection, key) DO UPDATE SET version = excluded.version, sequence = excluded.sequence,
        checksum = excluded.checksum, document = excluded.document`),
    delete: database.prepare('DELETE FROM documents WHERE collection = ? AND key = ?'),
    all: database.prepare(`SELECT ${columns} FROM documents WHERE collection = ? ORDER BY key`),
    page: database.prepare(`SELECT ${columns} FROM documents
      WHERE collection = ? AND key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?`),
    versions: database.prepare('SELECT DISTINCT version FROM documents WHERE collection = ?'),
  };
}

function decode(row: StoredRow): unknown {
  if (checksumOf(row) !== row.checksum) throw new CorruptDocumentError(row.collection, row.key);
  return JSON.parse(row.document) as unknown;
}

/** Throws `TypeError` for what UTF-8 cannot hold and for NUL, which separates the parts of a checksum. */
function checkName(name: string): void {
  if (!name.isWellFormed() || name.includes('\0')) {
    throw new TypeError(`not a name in a store: ${JSON.stringify(name)}`);
  }
}
