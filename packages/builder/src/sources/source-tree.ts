import type { BytePath, FileStat, TreePath } from '@gantry/kernel';
import type { PackTreeOptions } from '@gantry/snapshots';

/** A tree of files that instructions take from, wherever it lies. Nothing in it changes while it is open. */
export interface SourceTree {
  /** Where a path leads, links followed within the tree; what does not exist is taken by its name. Throws ELOOP, ENOTDIR. */
  resolve(path: BytePath): TreePath;
  /** What lies at a place, a link itself; undefined when nothing does. */
  stat(at: TreePath): FileStat | undefined;
  /** Names in a directory, as `pathKey`s, in order; none where no directory is. */
  names(at: TreePath): readonly string[];
  /** Target of the symbolic link at a place. */
  linkTarget(at: TreePath): Uint8Array;
  /** The bytes of the regular file at a place. */
  read(at: TreePath): AsyncIterable<Uint8Array>;
  /** See `packTree` of the snapshots: equal trees give equal bytes, wherever they lie. */
  pack(options: PackSourceOptions): AsyncIterable<Uint8Array>;
}

export type PackSourceOptions = Pick<PackTreeOptions, 'at' | 'name' | 'adjust' | 'open'>;
