import { type Directory, isErrno, keyBytes, openFlags, resolveFlags } from '@gantry/kernel';
import type { EntryPath } from './entry-path.ts';
import { isWhiteout, makeOpaque } from './whiteout.ts';

/**
 * Links that an earlier entry of the layer made are followed as far as they stay in the layer; one that is absolute, or
 * climbs out, is an error (EXDEV).
 */
export const insideLayer: number = resolveFlags.beneath | resolveFlags.noMagicLinks;

/** The directory that entries are written to. Tars go directory by directory: the last one is kept open. */
export class ParentDirectories implements Disposable {
  readonly #root: Directory;
  #cached: Directory | undefined;
  #cachedKey = '';

  /** `root` stays the caller's. */
  constructor(root: Directory) {
    this.#root = root;
  }

  /**
   * Lends the directory until the next call; missing ones are made, root's and 0755. Throws a `KernelError`: EXDEV or
   * ELOOP where a link leads out, ENOTDIR or EEXIST where something else is in the way.
   */
  open(path: EntryPath): Directory {
    if (path.length === 0) return this.#root;
    const key = path.join('/');
    if (this.#cached !== undefined && this.#cachedKey === key) return this.#cached;
    const directory = this.#tryOpen(key) ?? this.#make(path);
    this.adopt(path, directory);
    return directory;
  }

  /** Takes over a directory that is open already, for entries below it. */
  adopt(path: EntryPath, directory: Directory): void {
    this.forget();
    this.#cached = directory;
    this.#cachedKey = path.join('/');
  }

  /** Something was removed or replaced: what is open may no longer be what its path leads to. */
  forget(): void {
    this.#cached?.close();
    this.#cached = undefined;
  }

  [Symbol.dispose](): void {
    this.forget();
  }

  #tryOpen(key: string): Directory | undefined {
    try {
      return this.#root.openDirectory(keyBytes(key), { resolve: insideLayer });
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  #make(path: EntryPath): Directory {
    let parent = this.#root.openDirectory('.');
    for (const [index, component] of path.entries()) {
      using previous = parent;
      const key = path.slice(0, index + 1).join('/');
      parent = this.#tryOpen(key) ?? makeDirectory(previous, keyBytes(component));
    }
    return parent;
  }
}

/** In the place of nothing, or of a whiteout: then what lower layers have there stays hidden. */
function makeDirectory(parent: Directory, name: Uint8Array): Directory {
  const replacesWhiteout = isWhiteoutThere(parent, name);
  if (replacesWhiteout) parent.unlink(name);
  parent.mkdir(name, 0o755);
  parent.chmod(name, 0o755);
  const directory = parent.openDirectory(name, { flags: openFlags.path | openFlags.noFollow });
  if (replacesWhiteout) makeOpaque(directory);
  return directory;
}

function isWhiteoutThere(parent: Directory, name: Uint8Array): boolean {
  try {
    return isWhiteout(parent.stat(name));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
