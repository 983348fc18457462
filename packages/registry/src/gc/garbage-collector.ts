import { setImmediate as nextTurn } from 'node:timers/promises';
import { faultPoint } from '@gantry/base';
import { type Digest, isDigest } from '@gantry/oci';
import type { StorageContext } from '../storage/stored/storage-context.ts';
import { unlinkUnused } from '../storage/stored/stored-blobs.ts';
import { hasPrefix } from '../storage/stored/tables.ts';

/** What a collection did. */
export interface CollectedGarbage {
  /** Blobs taken out of repositories in which no manifest names them. */
  unlinkedBlobs: number;
  /** Blobs that no repository had any more, gone from the disk. */
  removedBlobs: number;
  removedBytes: number;
  /** Repositories that had nothing left. */
  removedRepositories: number;
}

const pageKeys = 500;

/**
 * Takes away what nothing names, while clients push: a blob whose repository has no manifest made of it, unless it came or was
 * asked for within the grace time; then blobs that no repository has. Between two pages of keys the event loop has its turn.
 */
export class GarbageCollector {
  readonly #context: StorageContext;
  #running: Promise<CollectedGarbage> | undefined;

  constructor(context: StorageContext) {
    this.#context = context;
  }

  /** Whoever asks while one runs gets its result. Ends early, with an error, when `signal` aborts; nothing is half done. */
  collect(signal?: AbortSignal): Promise<CollectedGarbage> {
    this.#running ??= this.#collect(signal).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Resolves when none runs. */
  async settled(): Promise<void> {
    await this.#running?.catch(() => {});
  }

  async #collect(signal: AbortSignal | undefined): Promise<CollectedGarbage> {
    const unlinkedBlobs = await this.#unlink(signal);
    faultPoint('collect/unlinked');
    const removed = await this.#context.content.collectGarbage(() => this.#referenced(signal));
    faultPoint('collect/removed');
    const removedRepositories = await this.#forgetEmpty(signal);
    const removedBytes = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const result = { unlinkedBlobs, removedBlobs: removed.length, removedBytes, removedRepositories };
    this.#context.logger.info('collected garbage', { ...result });
    return result;
  }

  async #unlink(signal: AbortSignal | undefined): Promise<number> {
    const { links } = this.#context.tables;
    const youngest = new Date(
      this.#context.clock.now().getTime() - this.#context.recent.graceMs,
    ).toISOString();
    let unlinked = 0;
    for await (const page of this.#pages(links, signal)) {
      const old = page.filter(({ document }) => document.linkedAt < youngest);
      for (const [repository, digests] of byRepository(old.map(({ key }) => key))) {
        unlinked += await unlinkUnused(this.#context, repository, digests);
      }
    }
    return unlinked;
  }

  async #referenced(signal: AbortSignal | undefined): Promise<Set<Digest>> {
    const { links, manifests } = this.#context.tables;
    const referenced = new Set<Digest>();
    for (const table of [links, manifests]) {
      for await (const page of this.#pages<unknown>(table, signal)) {
        for (const { key } of page) referenced.add(splitKey(key).digest);
      }
    }
    return referenced;
  }

  async #forgetEmpty(signal: AbortSignal | undefined): Promise<number> {
    const { repositories, links, manifests } = this.#context.tables;
    let forgotten = 0;
    for await (const page of this.#pages(repositories, signal)) {
      for (const { key: name } of page) {
        const has = hasPrefix(links, `${name}@`) || hasPrefix(manifests, `${name}@`);
        if (!has && repositories.delete(name)) forgotten += 1;
      }
    }
    return forgotten;
  }

  async *#pages<T>(
    table: { page(wanted: { after?: string; limit: number }): { key: string; document: T }[] },
    signal: AbortSignal | undefined,
  ): AsyncGenerator<{ key: string; document: T }[], void, void> {
    let after: string | undefined;
    for (;;) {
      signal?.throwIfAborted();
      const page = table.page({ limit: pageKeys, ...(after === undefined ? {} : { after }) });
      after = page.at(-1)?.key;
      if (after === undefined) return;
      yield page;
      await nextTurn();
    }
  }
}

function byRepository(keys: readonly string[]): Map<string, Digest[]> {
  const found = new Map<string, Digest[]>();
  for (const key of keys) {
    const { repository, digest } = splitKey(key);
    found.set(repository, [...(found.get(repository) ?? []), digest]);
  }
  return found;
}

function splitKey(key: string): { repository: string; digest: Digest } {
  const at = key.indexOf('@');
  const digest = key.slice(at + 1);
  if (!isDigest(digest)) throw new TypeError(`not a key of content: ${key}`);
  return { repository: key.slice(0, at), digest };
}
