import { pathKey, pathText, type TreePath } from '@gantry/kernel';
import type { FileEntry } from '../build-client.ts';
import type { SourceTree } from '../sources/source-tree.ts';

/** How a directory differs from the one that is kept. */
export interface DirectoryChanges {
  readonly changed: readonly FileEntry[];
  /** Paths that are there no more, as `pathKey`s; nothing below one of them is among them. */
  readonly removed: readonly string[];
}

/** Compares by kind, mode, owner, size, time and target, as rsync(1) does; contents are not read. */
export function compareDirectory(kept: SourceTree, entries: readonly FileEntry[]): DirectoryChanges {
  const changed = entries.filter((entry) => !isSame(kept, entry));
  const wanted = new Map(entries.map(({ path, kind }) => [pathKey(path), kind]));
  const removed: string[] = [];
  const walk = (at: TreePath): void => {
    for (const name of kept.names(at)) {
      const below = [...at, name];
      const path = below.join('/');
      if (!wanted.has(path)) removed.push(path);
      else if (wanted.get(path) === 'directory') walk(below);
    }
  };
  walk([]);
  return { changed, removed };
}

function isSame(kept: SourceTree, entry: FileEntry): boolean {
  const at = pathKey(entry.path).split('/');
  const stat = kept.stat(at);
  if (stat?.kind !== entry.kind || stat.uid !== entry.uid || stat.gid !== entry.gid) return false;
  if (entry.kind === 'symlink') return pathText(kept.linkTarget(at)) === entry.linkName;
  if (stat.mode !== entry.mode) return false;
  if (entry.kind !== 'file') return entry.kind === 'directory';
  return stat.sizeBytes === entry.sizeBytes && stat.modifiedNs === entry.modifiedNs;
}
