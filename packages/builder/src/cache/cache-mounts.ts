import { createHash } from 'node:crypto';
import { chownSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { KeyedLock } from '@gantry/base';

export interface CacheMountWish {
  readonly id: string;
  /** `shared`: with every step at once; `locked`: one after the other; `private`: another directory while one is in use. */
  readonly sharing: 'shared' | 'private' | 'locked';
  /** Of the directory when it is made. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A cache's directory while a step has it. */
export interface AcquiredCache extends Disposable {
  readonly directory: string;
}

/** The directories of `RUN --mount=type=cache`, by id; they outlive builds and engines. */
export class CacheMounts {
  readonly #root: string;
  readonly #locks = new KeyedLock();
  readonly #private = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Waits for other steps where the sharing says so. */
  async acquire(wish: CacheMountWish): Promise<AcquiredCache> {
    const name = createHash('sha256').update(wish.id).digest('hex');
    if (wish.sharing === 'locked') return await this.#locked(name, wish);
    if (wish.sharing === 'private') return this.#own(name, wish);
    return { directory: this.#make(name, wish), [Symbol.dispose]: () => {} };
  }

  async #locked(name: string, wish: CacheMountWish): Promise<AcquiredCache> {
    const entered = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    void this.#locks.run(name, async () => {
      entered.resolve();
      await left.promise;
    });
    await entered.promise;
    return { directory: this.#make(name, wish), [Symbol.dispose]: () => left.resolve() };
  }

  #own(name: string, wish: CacheMountWish): AcquiredCache {
    let number = 0;
    while (this.#private.has(`${name}.${number}`)) number++;
    const own = number === 0 ? name : `${name}.${number}`;
    this.#private.add(`${name}.${number}`);
    return {
      directory: this.#make(own, wish),
      [Symbol.dispose]: () => this.#private.delete(`${name}.${number}`),
    };
  }

  #make(name: string, { mode, uid, gid }: CacheMountWish): string {
    const directory = path.join(this.#root, name);
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    if (mkdirSync(directory, { recursive: true, mode }) !== undefined) chownSync(directory, uid, gid);
    return directory;
  }
}
