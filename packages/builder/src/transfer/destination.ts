import { posix } from 'node:path';
import { type FileStat, isErrno, pathKey, type RootedTree, statAt, type TreePath } from '@gantry/kernel';
import { InvalidBuildError } from '../errors.ts';

/**
 * The tree that files are put into, as far as it decides about them: links on the way, directories that are there. Nothing is
 * there for a layer that is to be independent of what lies below it (`--link`).
 */
export class Destination {
  readonly #tree: RootedTree | undefined;

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
    if (this.#tree === undefined) return undefined;
    try {
      using place = this.#tree.open(at);
      return statAt(place.fd, '');
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
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
