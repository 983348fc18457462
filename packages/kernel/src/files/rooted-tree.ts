import { constants } from 'node:os';
import { isErrno, KernelError } from '../ffi/errno.ts';
import { type BytePath, keyBytes, pathKey, pathText } from './byte-path.ts';
import { Descriptor, openAt } from './descriptor.ts';
import { Directory, readlinkAt } from './directory.ts';
import { statAt } from './file-stat.ts';
import { openFlags, resolveFlags } from './flags.ts';

/** As many links as the kernel follows (path_resolution(7)). */
const maxLinks = 40;

/** Names from the root down, as `pathKey`s. Empty: the root. */
export type TreePath = readonly string[];

/** Another tree, or a single file, that lies on a place of the tree as if it were mounted there. */
interface Graft {
  at: TreePath;
  root: Descriptor;
}

/**
 * A directory as the root of a file system, with other directories and files grafted into it: what a container sees,
 * without mounting anything. Paths are walked as the kernel would if the root were `/`, each step opened beneath the root
 * (or graft) that it lies in, following no link of the file system's own: a path that changes meanwhile gives an error, and
 * never a place outside. What is mounted by others inside is not entered twice; it is what its directory shows.
 */
export class RootedTree implements Disposable {
  readonly #root: Directory;
  readonly #grafts: Graft[] = [];

  /** Takes `root` over. */
  constructor(root: Directory) {
    this.#root = root;
  }

  /**
   * Lays `root`, an open directory or file, on the place that `path` leads to, over whatever is there or over nothing; takes
   * it over. Of two at one place the later counts. Returns the place.
   */
  graft(path: BytePath, root: Descriptor): TreePath {
    const at = this.resolve(path);
    this.#grafts.unshift({ at, root });
    return at;
  }

  /**
   * Where a path leads, links followed, the last one only with `follow` (default). What does not exist is taken by its
   * name, and `..` goes up in the path. Throws ELOOP, and ENOTDIR when a file stands in the way.
   */
  resolve(path: BytePath, { follow = true }: { follow?: boolean } = {}): string[] {
    const pending = splitPath(pathKey(path));
    let resolved: string[] = [];
    let links = 0;
    for (let component = pending.shift(); component !== undefined; component = pending.shift()) {
      if (component === '..') {
        resolved.pop();
        continue;
      }
      resolved.push(component);
      const target = pending.length > 0 || follow ? this.#linkTarget(resolved) : undefined;
      if (target === undefined) continue;
      if (++links > maxLinks) throw new KernelError('open', constants.errno.ELOOP, pathText(path));
      if (target.startsWith('/')) resolved = [];
      else resolved.pop();
      pending.unshift(...splitPath(target));
    }
    return resolved;
  }

  /** Opens what is there, a link itself, as `O_PATH`. `at` holds no links on its way. Throws ENOENT, ENOTDIR, ELOOP. */
  open(at: TreePath): Descriptor {
    const { root, inside, isWhole } = this.#lookUp(at);
    if (isWhole) return root.reopen(openFlags.path);
    const flags = openFlags.path | openFlags.noFollow;
    return new Descriptor(openAt(root.fd, keyBytes(inside.join('/')), { flags, resolve: strict }));
  }

  /** The same for a directory. */
  openDirectory(at: TreePath): Directory {
    const { root, inside } = this.#lookUp(at);
    const flags = openFlags.path | openFlags.directory | openFlags.noFollow;
    const path = inside.length === 0 ? '.' : keyBytes(inside.join('/'));
    return new Directory(openAt(root.fd, path, { flags, resolve: strict }));
  }

  /** The graft that covers the place: the one there, or the nearest above. Undefined below the root itself. */
  graftOver(at: TreePath): TreePath | undefined {
    return this.#nearest(at)?.at;
  }

  /** Names of grafts right below a directory, whether the directory has them too or not. */
  graftsIn(at: TreePath): string[] {
    const inside = this.#grafts.filter(
      (graft) => graft.at.length === at.length + 1 && startsWith(graft.at, at),
    );
    return [...new Set(inside.map((graft) => graft.at.at(-1) ?? ''))];
  }

  /** A graft lies on the place, or somewhere below. */
  hasGraftWithin(at: TreePath): boolean {
    return this.#grafts.some((graft) => startsWith(graft.at, at));
  }

  [Symbol.dispose](): void {
    this.#root.close();
    for (const { root } of this.#grafts) root.close();
  }

  #lookUp(at: TreePath): { root: Descriptor; inside: TreePath; isWhole: boolean } {
    const graft = this.#nearest(at);
    if (graft === undefined) return { root: this.#root, inside: at, isWhole: at.length === 0 };
    const inside = at.slice(graft.at.length);
    return { root: graft.root, inside, isWhole: inside.length === 0 };
  }

  #nearest(at: TreePath): Graft | undefined {
    let found: Graft | undefined;
    for (const graft of this.#grafts) {
      if (startsWith(at, graft.at) && graft.at.length > (found?.at.length ?? -1)) found = graft;
    }
    return found;
  }

  /** The target if a link is there; undefined for anything else and for nothing. */
  #linkTarget(at: TreePath): string | undefined {
    const { root, inside, isWhole } = this.#lookUp(at);
    if (isWhole) return undefined;
    try {
      const options = { flags: openFlags.path | openFlags.noFollow, resolve: strict };
      using entry = new Descriptor(openAt(root.fd, keyBytes(inside.join('/')), options));
      return statAt(entry.fd, '').kind === 'symlink' ? pathKey(readlinkAt(entry.fd, '')) : undefined;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }
}

const strict = resolveFlags.beneath | resolveFlags.noSymlinks | resolveFlags.noMagicLinks;

function startsWith(path: TreePath, prefix: TreePath): boolean {
  return prefix.length <= path.length && prefix.every((name, index) => path[index] === name);
}

function splitPath(path: string): string[] {
  return path.split('/').filter((component) => component !== '' && component !== '.');
}
