import { posix } from 'node:path';
import { PathPattern } from '@gantry/dockerfile';
import { type FileStat, isErrno, keyBytes, pathKey, pathText, type TreePath } from '@gantry/kernel';
import type { SourceTree } from '../sources/source-tree.ts';

/** Something in the source tree that an instruction names. */
export interface FoundSource {
  /** Free of links, but for the last name of a file that is one and was not followed. */
  readonly at: TreePath;
  readonly stat: FileStat;
  /** As a path from the root, before links were followed: what it is called, as a `pathKey`. */
  readonly path: string;
}

/** The root-relative form of a source: `..` never leads out, and a slash at the end goes. */
export function cleanSource(source: string): string {
  return posix.join('/', source).slice(1).replace(/\/$/, '');
}

export function hasWildcard(source: string): boolean {
  return /[*?[]/.test(source);
}

/**
 * What `source` names: links are followed, within the tree. Empty when nothing is there. With `deep` the name `**` stands for any
 * number of directories. Throws `PathPatternError`.
 */
export function findSources(
  tree: SourceTree,
  source: string,
  { deep = false }: { deep?: boolean } = {},
): FoundSource[] {
  const path = cleanSource(source);
  if (hasWildcard(path)) return expandWildcard(tree, path, deep);
  const found = look(tree, pathKey(unescaped(path)));
  return found === undefined ? [] : [found];
}

function look(tree: SourceTree, path: string): FoundSource | undefined {
  try {
    const at = tree.resolve(keyBytes(path));
    const stat = tree.stat(at);
    return stat && { at, stat, path };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Go's filepath.Match over the tree: a wildcard stands for no slash, so that each name of the pattern is one level. */
function expandWildcard(tree: SourceTree, pattern: string, deep: boolean): FoundSource[] {
  const names = pattern.split('/');
  let paths = [''];
  for (const name of names) {
    if (deep && name === '**') {
      paths = paths.flatMap((path) => [path, ...directoriesBelow(tree, path)]);
      continue;
    }
    const matcher = new PathPattern(name.replaceAll('**', '*'));
    paths = hasWildcard(name)
      ? paths.flatMap((path) =>
          childrenOf(tree, path).filter((child) =>
            matcher.matches(pathText(keyBytes(posix.basename(child)))),
          ),
        )
      : paths.map((path) => posix.join(path, pathKey(unescaped(name))));
  }
  return [...new Set(paths)].map((path) => look(tree, path)).filter((found) => found !== undefined);
}

/** Links are no directories. */
function directoriesBelow(tree: SourceTree, path: string): string[] {
  const own = childrenOf(tree, path).filter((child) => tree.stat(child.split('/'))?.kind === 'directory');
  return own.flatMap((child) => [child, ...directoriesBelow(tree, child)]);
}

function childrenOf(tree: SourceTree, path: string): string[] {
  try {
    return tree.names(tree.resolve(keyBytes(path))).map((name) => posix.join(path, name));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

function unescaped(path: string): string {
  return path.replaceAll(/\\(.)/g, '$1');
}
