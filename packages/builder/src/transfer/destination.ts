import { posix } from 'node:path';
import { type FileStat, isErrno, pathKey, type RootedTree, statAt, type TreePath } from '@gantry/kernel';
import { InvalidBuildError } from '../errors.ts';

/**
 * The tree that files are put into, as far as it decides about them: links on the way, directories that are there. Nothing is
 * there for a layer that is to be independent of what lies below it (`--link`).
 */
export class Destination {
  readonly #tree: RootedTree | undefined;
  /** Names in directories that were looked into, by their paths: nothing in the tree changes. */
  readonly #names = new Map<string, ReadonlySet<string>>();

  constructor(tree: RootedTree | undefined) {
    this.#tree = tree;
  }

  /** Where an absolute path leads, links followed. */
  resolve(path: string): TreePath {
    if (this.#tree !== undefined) return this.#tree.resolve(path);
    return posix
      .join('/', path)
      .split('/')
      .filter((name) => name !== '' && name !== '.')
      .map(pathKey);
  }

  stat(at: TreePath): FileStat | undefined {
    if (this.#tree === undefined || !this.#isThere(at, this.#tree)) return undefined;
    try {
      using place = this.#tree.open(at);
      return statAt(place.fd, '');
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  /** Most of what is copied goes where nothing is: not worth a look each. */
  #isThere(at: TreePath, tree: RootedTree): boolean {
    const name = at.at(-1);
    if (name === undefined) return true;
    const above = at.slice(0, -1);
    const key = above.join('/');
    let names = this.#names.get(key);
    if (names === undefined) {
      names = this.#isThere(above, tree) ? namesIn(tree, above) : new Set();
      this.#names.set(key, names);
    }
    return names.has(name);
  }

  /**
   * The directory that is there already and keeps its attributes when one of the source comes to its place. Throws
   * `InvalidBuildError` where a file and a directory would take each other's place: BuildKit refuses that too, and a layer would
   * hide what is below.
   */
  existingDirectory(at: TreePath, coming: FileStat['kind']): FileStat | undefined {
    const there = this.stat(at);
    if (there === undefined) return undefined;
    const path = `/${at.join('/')}`;
    if (coming === 'directory' && there.kind !== 'directory')
      throw new InvalidBuildError(`cannot copy to non-directory: ${path}`);
    if (coming !== 'directory' && there.kind === 'directory')
      throw new InvalidBuildError(`cannot copy a file over the directory ${path}`);
    return coming === 'directory' ? there : undefined;
  }
}

function namesIn(tree: RootedTree, at: TreePath): ReadonlySet<string> {
  try {
    using directory = tree.openDirectory(at);
    return new Set(directory.names().map(pathKey));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return new Set();
    throw error;
  }
}
