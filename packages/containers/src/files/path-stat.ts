import path from 'node:path';
import type { ContainerPathStat } from '@gantry/api-types';
import {
  type FileKind,
  type FileStat,
  isErrno,
  keyBytes,
  modeBits,
  pathText,
  statAt,
  type TreePath,
} from '@gantry/kernel';
import { InvalidOptionError, PathNotFoundError } from '../errors.ts';
import { dockerTimestamp, formatTimestamp } from '../state/timestamps.ts';
import type { ContainerTree } from './container-tree.ts';

/** A path of a container, found. */
export interface FoundPath {
  at: TreePath;
  stat: FileStat;
  /** Its last part as the user wrote it: `.` for a path that ends so, `/` for the root. */
  name: string;
  /** Where the path leads, all links followed. */
  target: TreePath;
}

/**
 * Finds what a path names, the last link itself unless the path ends in `/` or `/.`, which ask for a directory. `..` goes up
 * in the path as it is written, as in Docker. Throws `PathNotFoundError`, `InvalidOptionError`.
 */
export function findPath(tree: ContainerTree, given: string, containerRef: string): FoundPath {
  const normal = path.posix.normalize(`/${given}`);
  const endsInDot = /(^|\/)\.$/.test(given);
  const asksForDirectory = endsInDot || given.endsWith('/');
  return saying({ given, containerRef }, () => {
    const target = tree.tree.resolve(normal);
    const at = asksForDirectory ? target : tree.tree.resolve(normal, { follow: false });
    using place = tree.tree.open(at);
    const stat = statAt(place.fd, '');
    if (asksForDirectory && stat.kind !== 'directory') {
      throw new InvalidOptionError(`${given}: not a directory`);
    }
    const base = path.posix.basename(normal);
    return { at, stat, target, name: endsInDot ? '.' : base === '' ? '/' : base };
  });
}

/** Where an archive is unpacked: a directory, links followed. Throws `PathNotFoundError`, `InvalidOptionError`. */
export function findDirectory(tree: ContainerTree, given: string, containerRef: string): TreePath {
  const { target } = findPath(tree, given, containerRef);
  return saying({ given, containerRef }, () => {
    using place = tree.tree.open(target);
    if (statAt(place.fd, '').kind === 'directory') return target;
    throw new InvalidOptionError('extraction point is not a directory');
  });
}

/** What Docker tells of a path in `X-Docker-Container-Path-Stat`. */
export function pathStat({ stat, name, target }: FoundPath): ContainerPathStat {
  return {
    name,
    size: stat.sizeBytes,
    mode: goFileMode(stat),
    mtime: dockerTimestamp(formatTimestamp(stat.modifiedNs)),
    linkTarget: stat.kind === 'symlink' ? `/${pathText(keyBytes(target.join('/')))}` : '',
  };
}

/** Bits of Go's `fs.FileMode`. */
const goKinds: Readonly<Record<FileKind, number>> = {
  file: 0,
  directory: 2 ** 31,
  symlink: 2 ** 27,
  block: 2 ** 26,
  character: 2 ** 26 + 2 ** 21,
  fifo: 2 ** 25,
  socket: 2 ** 24,
};
const goBits = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
] as const;

function goFileMode({ kind, mode }: FileStat): number {
  const special = goBits.reduce((sum, [bit, goBit]) => sum + ((mode & bit) === 0 ? 0 : goBit), 0);
  return goKinds[kind] + special + (mode & modeBits.permissions & 0o777);
}

/** Says of which path a file is missing, or in the way. */
function saying<T>(asked: { given: string; containerRef: string }, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) throw new PathNotFoundError(asked.given, asked.containerRef);
    if (isErrno(error, 'ENOTDIR')) throw new InvalidOptionError(`${asked.given}: not a directory`);
    throw error;
  }
}
