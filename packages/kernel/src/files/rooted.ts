import { EngineError } from '@gantry/base';
import { isErrno } from '../ffi/errno.ts';
import { type BytePath, pathText } from './byte-path.ts';
import { Descriptor, insideRoot, openAt } from './descriptor.ts';
import { Directory } from './directory.ts';
import { type FileStat, statAt } from './file-stat.ts';
import { openFlags } from './flags.ts';
import { changeMode, changeOwner, truncateFile, writeAll } from './open-file.ts';
import { readBounded } from './read-bounded.ts';
import { walkInRoot } from './root-walk.ts';

/*
 * Files of a container or an image, by a path as the container sees it: `rootfs` plays `/`, links are followed inside
 * it, and nothing that lies there can lead out. `path` may be absolute or relative; both start at `rootfs`.
 */

export interface OwnerAndMode {
  uid: number;
  gid: number;
  mode: number;
}

/** Something else than a regular file is where one was asked for: a device or a FIFO is never opened. */
export class NotRegularFileError extends EngineError {
  override readonly name = 'NotRegularFileError';
  constructor(path: BytePath) {
    super('invalid', 'not-regular-file', `${pathText(path)}: not a regular file`);
  }
}

/**
 * Opens what is there, following links inside `rootfs`. Throws `KernelError` (ENOENT …). The caller closes. With flags
 * other than `openFlags.path` a device or FIFO of the image would be opened: stat first, then `reopen`.
 */
export function openIn(rootfs: string, path: BytePath, flags: number = openFlags.path): Descriptor {
  using root = Directory.openPath(rootfs);
  return new Descriptor(openAt(root.fd, atRoot(path), { flags, resolve: insideRoot }));
}

/** Follows links inside `rootfs`. Undefined when nothing is there. */
export function statIn(rootfs: string, path: BytePath): FileStat | undefined {
  using file = openExisting(rootfs, path);
  return file === undefined ? undefined : statAt(file.fd, '');
}

/**
 * Reads a regular file of at most `maxBytes`. Undefined when nothing is there. Throws `NotRegularFileError`,
 * `FileTooLargeError`.
 */
export function readFileIn(rootfs: string, path: BytePath, maxBytes: number): Uint8Array | undefined {
  using place = openExisting(rootfs, path);
  if (place === undefined) return undefined;
  if (statAt(place.fd, '').kind !== 'file') throw new NotRegularFileError(path);
  using file = place.reopen(openFlags.readOnly);
  return readBounded(file, maxBytes, path);
}

/**
 * Makes a directory and its missing parents, all with `owner`; a link on the way that leads to nothing gets its target
 * made. Idempotent: what is there keeps its owner and mode. Throws ENOTDIR when a file stands in the way.
 */
export function mkdirAllIn(rootfs: string, path: BytePath, owner: OwnerAndMode): void {
  using root = Directory.openPath(rootfs);
  const make = (parent: Directory, name: Uint8Array): void => makeDirectory(parent, name, owner);
  using place = walkInRoot(root, path, { onMissing: make });
  if (place.name.length > 0) make(place.parent, place.name);
}

/**
 * Creates a regular file, or overwrites one in place. Parents must exist. An existing file keeps owner and mode. Throws
 * `NotRegularFileError` when something else is there, ENOENT when a parent is missing.
 */
export function writeFileIn(rootfs: string, path: BytePath, data: Uint8Array, owner: OwnerAndMode): void {
  using root = Directory.openPath(rootfs);
  using place = walkInRoot(root, path, {
    onMissing: (parent, name) => parent.stat(name),
  });
  if (place.name.length === 0) throw new NotRegularFileError(path);
  using file = createOrOpen(place.parent, place.name, owner);
  writeAll(file, data);
}

function createOrOpen(parent: Directory, name: Uint8Array, owner: OwnerAndMode): Descriptor {
  try {
    const flags = openFlags.writeOnly | openFlags.create | openFlags.exclusive;
    const file = parent.open(name, { flags, mode: 0o600 });
    changeOwner(file, owner.uid, owner.gid);
    changeMode(file, owner.mode);
    return file;
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
  using place = parent.open(name, { flags: openFlags.path | openFlags.noFollow });
  if (statAt(place.fd, '').kind !== 'file') throw new NotRegularFileError(name);
  const file = place.reopen(openFlags.writeOnly);
  truncateFile(file, 0);
  return file;
}

function makeDirectory(parent: Directory, name: Uint8Array, owner: OwnerAndMode): void {
  try {
    parent.mkdir(name, 0o700);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    parent.openDirectory(name, { flags: openFlags.path | openFlags.noFollow }).close();
    return;
  }
  parent.chown(name, owner.uid, owner.gid);
  parent.chmod(name, owner.mode);
}

function openExisting(rootfs: string, path: BytePath): Descriptor | undefined {
  try {
    return openIn(rootfs, path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function atRoot(path: BytePath): BytePath {
  return path.length === 0 ? '/' : path;
}
