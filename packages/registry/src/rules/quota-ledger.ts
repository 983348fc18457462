import { matchesAny, type NamePattern } from '../patterns/name-pattern.ts';
import type { ContentChange, RegistryStorage } from '../storage/registry-storage.ts';
import { QuotaExceededError } from './errors.ts';
import type { Quota } from './rule-settings.ts';

interface Held {
  /** How many of the quota's repositories have it. */
  count: number;
  sizeBytes: number;
}

/**
 * How much of each quota is used. A blob or manifest that several repositories of a quota have counts once, and is free again when the
 * last of them gives it up. Kept in memory, from the content as it is at the start and every change of it.
 */
export class QuotaLedger {
  readonly #accounts: readonly Account[];

  constructor(quotas: readonly Quota[]) {
    this.#accounts = quotas.map((quota) => new Account(quota));
  }

  /** For `openStorage`: what begins and ceases to be part of a repository. */
  note({ change, repository, digest, sizeBytes }: ContentChange): void {
    for (const account of this.#of(repository)) {
      if (change === 'added') account.add(digest, sizeBytes);
      else account.remove(digest);
    }
  }

  /** Counts what is there. Once, before anything changes. */
  count(storage: Pick<RegistryStorage, 'repositories' | 'blobs' | 'manifests'>): void {
    if (this.#accounts.length === 0) return;
    for (const { name: repository } of pages(
      (after) => storage.repositories.list({ after, limit }),
      (entry) => entry.name,
    )) {
      const accounts = this.#of(repository);
      if (accounts.length === 0) continue;
      const blobs = pages(
        (after) => storage.blobs.list(repository, { after, limit }),
        (entry) => entry.digest,
      );
      const manifests = pages(
        (after) => storage.manifests.list(repository, { after, limit }),
        (entry) => entry.digest,
      );
      for (const { digest, sizeBytes } of [...blobs, ...manifests]) {
        for (const account of accounts) account.add(digest, sizeBytes);
      }
    }
  }

  /** Throws `QuotaExceededError` when so much more of the repository does not fit. */
  check(repository: string, { digest, sizeBytes }: { digest?: string | undefined; sizeBytes: number }): void {
    for (const account of this.#of(repository)) account.check(digest, sizeBytes);
  }

  /** For the metrics and the API: in the order of the settings. */
  usage(): { pattern: string; limitBytes: number; usedBytes: number }[] {
    return this.#accounts.map(({ pattern, limitBytes, usedBytes }) => ({ pattern, limitBytes, usedBytes }));
  }

  #of(repository: string): Account[] {
    return this.#accounts.filter(({ repositories }) => matchesAny(repositories, repository));
  }
}

const limit = 500;

class Account {
  readonly repositories: readonly NamePattern[];
  readonly pattern: string;
  readonly limitBytes: number;
  usedBytes = 0;
  readonly #held = new Map<string, Held>();

  constructor({ repositories, limitBytes }: Quota) {
    this.repositories = repositories;
    this.pattern = repositories.map(({ text }) => text).join(' ');
    this.limitBytes = limitBytes;
  }

  add(digest: string, sizeBytes: number): void {
    const held = this.#held.get(digest);
    if (held !== undefined) {
      held.count += 1;
      return;
    }
    this.#held.set(digest, { count: 1, sizeBytes });
    this.usedBytes += sizeBytes;
  }

  remove(digest: string): void {
    const held = this.#held.get(digest);
    if (held === undefined) return;
    held.count -= 1;
    if (held.count > 0) return;
    this.#held.delete(digest);
    this.usedBytes -= held.sizeBytes;
  }

  check(digest: string | undefined, sizeBytes: number): void {
    if (digest !== undefined && this.#held.has(digest)) return;
    if (this.usedBytes + sizeBytes > this.limitBytes) throw new QuotaExceededError(this, sizeBytes);
  }
}

/** All entries of a list that comes in pages; a page begins after the key of the last entry. */
export function* pages<T>(
  read: (after: string | undefined) => T[],
  keyOf: (entry: T) => string,
): Generator<T, void, void> {
  let page: T[] = [];
  do {
    const last = page.at(-1);
    page = read(last === undefined ? undefined : keyOf(last));
    yield* page;
  } while (page.length === limit);
}
