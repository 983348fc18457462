import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { type Clock, KeyedLock } from '@gantry/base';
import { changeMode, changeOwner, Directory, openFlags, removeTree, treeUsage } from '@gantry/kernel';
import type { Collection, MetadataStore } from '@gantry/state';

export interface CacheMountWish {
  readonly id: string;
  /** `shared`: with every step at once; `locked`: one after the other; `private`: another directory while one is in use. */
  readonly sharing: 'shared' | 'private' | 'locked';
  /** Of the directory when it is made; those of what it begins with when missing. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** What it begins with: another `content` is another cache. Empty when missing. */
  readonly beginning?: {
    readonly content: string;
    fill(directory: Directory): Promise<void>;
  };
}

/** A cache's directory while a step has it. */
export interface AcquiredCache extends AsyncDisposable {
  readonly directory: string;
}

/** One directory of a cache mount, as it is remembered. */
export interface CacheMountRecord {
  /** As the Dockerfile says it. */
  readonly id: string;
  readonly sharing: CacheMountWish['sharing'];
  readonly createdAt: string;
  readonly usedAt: string;
  readonly uses: number;
}

export interface CacheMountUsage extends CacheMountRecord {
  /** Of the directory: unique, and for ever. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly inUse: boolean;
}

export interface CacheMountsOptions {
  readonly root: string;
  readonly store: MetadataStore;
  readonly clock: Clock;
}

const unfinished = 'unfinished-';

/** The directories of `RUN --mount=type=cache`, by id; they outlive builds and engines. */
export class CacheMounts {
  readonly #options: CacheMountsOptions;
  readonly #records: Collection<CacheMountRecord>;
  readonly #locks = new KeyedLock();
  readonly #making = new KeyedLock();
  readonly #inUse = new Map<string, number>();

  constructor(options: CacheMountsOptions) {
    this.#options = options;
    this.#records = options.store.collection<CacheMountRecord>('cache-mounts', { version: 1 });
  }

  /** Removes what a crash left half made or half removed: whatever no record has. */
  async clear(): Promise<void> {
    const { root } = this.#options;
    mkdirSync(root, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(root)) if (this.#records.get(name) === undefined) await this.#remove(name);
  }

  /** Waits for other steps where the sharing says so. */
  async acquire(wish: CacheMountWish): Promise<AcquiredCache> {
    const name = createHash('sha256')
      .update(wish.beginning === undefined ? wish.id : `${wish.id}\0${wish.beginning.content}`)
      .digest('hex');
    if (wish.sharing === 'locked') return await this.#locked(name, wish);
    return await this.#open(wish.sharing === 'private' ? this.#freeName(name) : name, wish);
  }

  /** Measures each directory. */
  async usage(): Promise<CacheMountUsage[]> {
    const usages: CacheMountUsage[] = [];
    for (const { key: name, document } of this.#records.entries())
      usages.push({ name, ...document, sizeBytes: await this.#sizeOf(name), inUse: this.#inUse.has(name) });
    return usages;
  }

  /** Removes a directory; false while a step has it. Idempotent. */
  async delete(name: string): Promise<boolean> {
    return await this.#making.run(name, async () => {
      if (this.#inUse.has(name)) return false;
      const { root } = this.#options;
      const gone = unfinished + randomUUID();
      if (existsSync(path.join(root, name))) renameSync(path.join(root, name), path.join(root, gone));
      this.#records.delete(name);
      await this.#remove(gone);
      return true;
    });
  }

  async #locked(name: string, wish: CacheMountWish): Promise<AcquiredCache> {
    const entered = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    void this.#locks.run(name, async () => {
      entered.resolve();
      await left.promise;
    });
    await entered.promise;
    try {
      const cache = await this.#open(name, wish);
      return {
        directory: cache.directory,
        [Symbol.asyncDispose]: async () => {
          await cache[Symbol.asyncDispose]();
          left.resolve();
        },
      };
    } catch (error) {
      left.resolve();
      throw error;
    }
  }

  #freeName(name: string): string {
    for (let number = 0; ; number++) {
      const own = number === 0 ? name : `${name}.${number}`;
      if (!this.#inUse.has(own)) return own;
    }
  }

  async #open(name: string, wish: CacheMountWish): Promise<AcquiredCache> {
    this.#inUse.set(name, (this.#inUse.get(name) ?? 0) + 1);
    try {
      await this.#making.run(name, () => this.#make(name, wish));
    } catch (error) {
      this.#leave(name);
      throw error;
    }
    return {
      directory: path.join(this.#options.root, name),
      [Symbol.asyncDispose]: async () => this.#leave(name),
    };
  }

  #leave(name: string): void {
    const count = (this.#inUse.get(name) ?? 1) - 1;
    if (count > 0) this.#inUse.set(name, count);
    else this.#inUse.delete(name);
  }

  async #make(name: string, wish: CacheMountWish): Promise<void> {
    const { root, clock } = this.#options;
    if (!existsSync(path.join(root, name))) {
      const draft = unfinished + randomUUID();
      mkdirSync(path.join(root, draft), { recursive: true, mode: 0o700 });
      await fill(path.join(root, draft), wish);
      renameSync(path.join(root, draft), path.join(root, name));
    }
    const { createdAt, uses = 0 } = this.#records.get(name) ?? {};
    const now = clock.now().toISOString();
    const { id, sharing } = wish;
    this.#records.put(name, { id, sharing, createdAt: createdAt ?? now, usedAt: now, uses: uses + 1 });
  }

  async #sizeOf(name: string): Promise<number> {
    const place = path.join(this.#options.root, name);
    if (!existsSync(place)) return 0;
    using directory = Directory.openPath(place);
    return (await treeUsage(directory)).sizeBytes;
  }

  async #remove(name: string): Promise<void> {
    using root = Directory.openPath(this.#options.root);
    await removeTree(root, name);
  }
}

async function fill(place: string, { mode, uid, gid, beginning }: CacheMountWish): Promise<void> {
  using directory = Directory.openPath(place);
  await beginning?.fill(directory);
  const stat = directory.stat();
  using opened = directory.reopen(openFlags.readOnly | openFlags.directory);
  const made = beginning === undefined ? { mode: 0o755, uid: 0, gid: 0 } : stat;
  changeOwner(opened, uid ?? made.uid, gid ?? made.gid);
  changeMode(opened, (mode ?? made.mode) & 0o7777);
}
