import {
  type Collection,
  type CollectionOptions,
  type Lasting,
  type MetadataStore,
  NewerStoreError,
  type TransactionOptions,
} from '../src/index.ts';

interface StoredDocument {
  version: number;
  text: string;
}

type Documents = Map<string, Map<string, StoredDocument>>;

/** Documents in memory, for tests of those who use a store. */
export class MemoryMetadataStore implements MetadataStore {
  #documents: Documents;
  readonly #collections = new Map<string, { version: number; collection: Collection<unknown> }>();
  #isOpen = true;
  #depth = 0;
  /** What the outermost transaction is for. */
  #lasts: Lasting = 'always';

  /** With `previous`, opens again what that one holds. */
  constructor(previous?: MemoryMetadataStore) {
    this.#documents = previous === undefined ? new Map() : previous.#documents;
  }

  collection<T>(name: string, options: CollectionOptions<T>): Collection<T> {
    const known = this.#collections.get(name);
    if (known !== undefined) {
      if (known.version !== options.version)
        throw new TypeError(`collection ${name} is open with another version`);
      return known.collection as Collection<T>;
    }
    checkName(name);
    this.#migrate(name, options);
    const collection = this.#makeCollection<T>(name, options);
    this.#collections.set(name, { version: options.version, collection });
    return collection;
  }

  async synced(): Promise<void> {}

  transaction<T>(work: () => T, { lasts = 'always' }: TransactionOptions = {}): T {
    if (this.#depth === 0) this.#lasts = lasts;
    this.#depth += 1;
    const before = new Map([...this.#documents].map(([name, documents]) => [name, new Map(documents)]));
    try {
      const result = work();
      if (result instanceof Promise) throw new TypeError('a transaction is synchronous');
      return result;
    } catch (error) {
      this.#documents = before;
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  [Symbol.dispose](): void {
    this.#isOpen = false;
  }

  #migrate<T>(name: string, { version, migrate }: CollectionOptions<T>): void {
    const documents = this.#of(name);
    const versions = [...documents.values()].map((document) => document.version);
    const newest = Math.max(0, ...versions);
    if (newest > version) throw new NewerStoreError(`collection ${name}`, newest, version);
    if (versions.every((older) => older === version)) return;
    if (migrate === undefined)
      throw new TypeError(`collection ${name} has no migration to version ${version}`);
    this.transaction(() => {
      for (const [key, { version: from, text }] of this.#of(name)) {
        if (from !== version)
          this.#of(name).set(key, { version, text: toText(migrate(JSON.parse(text), from)) });
      }
    });
  }

  #makeCollection<T>(name: string, { version, lasts = 'always' }: CollectionOptions<T>): Collection<T> {
    const checkLasting = (): void => {
      if (this.#depth > 0 && this.#lasts === 'boot' && lasts === 'always')
        throw new TypeError('a transaction that lasts for the boot changes a collection that lasts longer');
    };
    return {
      get: (key) => {
        const document = this.#of(name).get(key);
        return document === undefined ? undefined : (JSON.parse(document.text) as T);
      },
      put: (key, document) => {
        checkName(key);
        checkLasting();
        this.#of(name).set(key, { version, text: toText(document) });
      },
      delete: (key) => {
        checkLasting();
        return this.#of(name).delete(key);
      },
      entries: () => this.#sorted(name).map(({ key, text }) => ({ key, document: JSON.parse(text) as T })),
      page: ({ prefix = '', after, limit }) =>
        this.#sorted(name)
          .filter(({ key }) => key.startsWith(prefix) && (after === undefined || compare(key, after) > 0))
          .slice(0, limit)
          .map(({ key, text }) => ({ key, document: JSON.parse(text) as T })),
    };
  }

  #sorted(name: string): { key: string; text: string }[] {
    return [...this.#of(name)]
      .sort(([left], [right]) => compare(left, right))
      .map(([key, { text }]) => ({ key, text }));
  }

  #of(name: string): Map<string, StoredDocument> {
    if (!this.#isOpen) throw new Error('the store is closed');
    let documents = this.#documents.get(name);
    if (documents === undefined) {
      documents = new Map();
      this.#documents.set(name, documents);
    }
    return documents;
  }
}

function compare(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function toText(document: unknown): string {
  const text: string | undefined = JSON.stringify(document);
  if (text === undefined) throw new TypeError('a document that is not JSON');
  return text;
}

function checkName(name: string): void {
  if (!name.isWellFormed() || name.includes('\0')) throw new TypeError('not a name in a store');
}
