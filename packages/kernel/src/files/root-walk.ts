import { constants } from 'node:os';
import { isErrno, KernelError } from '../ffi/errno.ts';
import { type BytePath, keyBytes, pathKey, pathText } from './byte-path.ts';
import { type Directory, readlinkAt } from './directory.ts';
import { statAt } from './file-stat.ts';
import { openFlags, resolveFlags } from './flags.ts';

/** As many links as the kernel follows (path_resolution(7)). */
const maxLinks = 40;

/** Where a path of a root leads: an open parent, free of links, and the last name (empty for the root itself). */
export interface RootPlace extends Disposable {
  parent: Directory;
  name: Uint8Array;
}

export interface RootWalkOptions {
  /** Called for a directory that is missing on the way: makes it, or throws. */
  onMissing: (parent: Directory, name: Uint8Array) => void;
}

/**
 * Walks `path` inside `root` as the kernel would if `root` were `/`, links that lead to nothing included: what openat2
 * cannot do, because it cannot create a missing directory. Each step is opened beneath `root` without following any
 * link, so a path that changes meanwhile gives an error and never a place outside.
 */
export function walkInRoot(root: Directory, path: BytePath, options: RootWalkOptions): RootPlace {
  const pending = splitPath(pathKey(path));
  let resolved: string[] = [];
  let links = 0;
  for (let component = pending.shift(); component !== undefined; component = pending.shift()) {
    if (component === '..') {
      resolved.pop();
      continue;
    }
    const target = linkTarget(root, [...resolved, component]);
    if (target !== undefined) {
      if (++links > maxLinks) throw new KernelError('open', constants.errno.ELOOP, pathText(path));
      if (target.startsWith('/')) resolved = [];
      pending.unshift(...splitPath(target));
      continue;
    }
    if (pending.length > 0) ensureDirectory(root, resolved, component, options);
    resolved.push(component);
  }
  const name = resolved.pop() ?? '';
  const parent = openResolved(root, resolved);
  return { parent, name: keyBytes(name), [Symbol.dispose]: () => parent.close() };
}

/** Opens components that hold no links. */
function openResolved(root: Directory, components: readonly string[]): Directory {
  return root.openDirectory(keyBytes(joined(components)), { resolve: strict });
}

const strict = resolveFlags.beneath | resolveFlags.noSymlinks | resolveFlags.noMagicLinks;

function ensureDirectory(
  root: Directory,
  parents: readonly string[],
  name: string,
  options: RootWalkOptions,
): void {
  try {
    openResolved(root, [...parents, name]).close();
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    using parent = openResolved(root, parents);
    options.onMissing(parent, keyBytes(name));
  }
}

/** The target if a link is there, undefined for anything else and for nothing. */
function linkTarget(root: Directory, components: readonly string[]): string | undefined {
  try {
    using entry = root.open(keyBytes(joined(components)), {
      flags: openFlags.path | openFlags.noFollow,
      resolve: strict,
    });
    if (statAt(entry.fd, '').kind !== 'symlink') return undefined;
    return pathKey(readlinkAt(entry.fd, ''));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function splitPath(path: string): string[] {
  return path.split('/').filter((component) => component !== '' && component !== '.');
}

function joined(components: readonly string[]): string {
  return components.length === 0 ? '.' : components.join('/');
}
