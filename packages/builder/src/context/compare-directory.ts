import {
  isErrno,
  pathKey,
  pathText,
  type RootedTree,
  readlinkAt,
  statAt,
  type TreePath,
} from '@gantry/kernel';
import type { FileEntry } from '../build-client.ts';

/** How a directory differs from the one that is kept. */
export interface DirectoryChanges {
  readonly changed: readonly FileEntry[];
  /** Paths that are there no more; nothing below one of them is among them. */
  readonly removed: readonly string[];
}

/** Compares by kind, mode, owner, size, time and target, as rsync(1) does; contents are not read. */
export function compareDirectory(kept: RootedTree, entries: readonly FileEntry[]): DirectoryChanges {
  const changed = entries.filter((entry) => !isSame(kept, entry));
  const wanted = new Map(entries.map(({ path, kind }) => [pathKey(path), kind]));
  const removed: string[] = [];
  const walk = (at: TreePath): void => {
    using directory = kept.openDirectory(at);
    for (const bytes of directory.names()) {
      const below = [...at, pathKey(bytes)];
      const path = below.join('/');
      if (!wanted.has(path)) removed.push(path);
      else if (wanted.get(path) === 'directory' && directory.stat(bytes).kind === 'directory') walk(below);
    }
  };
  walk([]);
  return { changed, removed };
}

function isSame(kept: RootedTree, entry: FileEntry): boolean {
  try {
    using place = kept.open(pathKey(entry.path).split('/'));
    const stat = statAt(place.fd, '');
    if (stat.kind !== entry.kind || stat.uid !== entry.uid || stat.gid !== entry.gid) return false;
    if (entry.kind === 'symlink') return pathText(readlinkAt(place.fd, '')) === entry.linkName;
    if ((stat.mode & 0o7777) !== entry.mode) return false;
    if (entry.kind !== 'file') return entry.kind === 'directory';
    return stat.sizeBytes === entry.sizeBytes && stat.modifiedNs === entry.modifiedNs;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
