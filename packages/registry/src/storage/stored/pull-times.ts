import type { StorageContext } from './storage-context.ts';

/** So many are kept until they are written; more are written at once. */
const maxNoted = 10_000;

/** When repositories, manifests and tags were last read: noted in memory, written together. */
export class PullTimes {
  readonly #context: StorageContext;
  readonly #repositories = new Map<string, string>();
  /** `repository@digest`. */
  readonly #manifests = new Map<string, string>();
  /** `repository:tag`. */
  readonly #tags = new Map<string, string>();

  constructor(context: StorageContext) {
    this.#context = context;
  }

  note({ repository, digest, tag }: { repository: string; digest: string; tag?: string | undefined }): void {
    const now = this.#context.clock.now().toISOString();
    this.#repositories.set(repository, now);
    this.#manifests.set(`${repository}@${digest}`, now);
    if (tag !== undefined) this.#tags.set(`${repository}:${tag}`, now);
    if (this.#manifests.size >= maxNoted) this.write();
  }

  /** Without waiting for the disk. */
  write(): void {
    if (this.#repositories.size === 0) return;
    const { repositories, manifests, tags } = this.#context.tables;
    this.#context.store.transaction(
      () => {
        writeTo(repositories, this.#repositories);
        writeTo(manifests, this.#manifests);
        writeTo(tags, this.#tags);
      },
      { sync: 'later' },
    );
  }
}

function writeTo<T extends { pulledAt?: string }>(
  collection: { get(key: string): T | undefined; put(key: string, document: T): void },
  times: Map<string, string>,
): void {
  for (const [key, pulledAt] of times) {
    const document = collection.get(key);
    if (document !== undefined) collection.put(key, { ...document, pulledAt });
  }
  times.clear();
}
