import { readSync } from 'node:fs';
import { isErrno } from '../ffi/errno.ts';
import type { Owner } from '../ids/id-maps.ts';
import type { IdTranslation } from '../ids/id-translation.ts';
import { keyBytes, pathKey } from './byte-path.ts';
import { Descriptor, openAt } from './descriptor.ts';
import type { Directory } from './directory.ts';
import { copyRange, dataExtents, seekTo } from './extents.ts';
import { type FileStat, statAt } from './file-stat.ts';
import { modeBits, openFlags, resolveFlags } from './flags.ts';
import { changeMode, changeOwner, changeTimes, truncateFile, writeAll } from './open-file.ts';
import { runInSlices } from './slices.ts';
import { getXattr, listXattrs, setXattr, type XattrTarget } from './xattrs.ts';

export interface CopyTreeOptions {
  signal?: AbortSignal;
  /** `to` itself keeps its owner, mode, xattrs and times. */
  keepRoot?: boolean;
  /**
   * Called for each entry before it is copied; may change what is in `to`. `merge` copies what is below a directory into
   * the one of that name that is there. `copy` when missing.
   */
  decide?: (entry: CopyTreeEntry) => 'copy' | 'merge' | 'skip';
  /** What becomes of owners, and of ids in extended attributes; they stay when missing. */
  ids?: IdTranslation;
}

export interface CopyTreeEntry {
  from: Directory;
  to: Directory;
  name: Uint8Array;
  stat: FileStat;
}

const copyChunkBytes = 4 * 1024 * 1024;
/** A directory's own file system marks; they mean nothing in a copy. */
const droppedXattrs = /^(?:trusted|user)\.overlay\./;

const typeBits = {
  character: modeBits.character,
  block: modeBits.block,
  fifo: modeBits.fifo,
  socket: modeBits.socket,
} as const;

/**
 * Copies what is below `from` into `to`, a directory that exists: owners, modes, times to the nanosecond, xattrs, hard
 * links among the copied files, symbolic links as they are, devices, FIFOs, holes. `to` itself gets the owner, mode,
 * xattrs and times of `from`. Names that exist in `to` make it fail with EEXIST. The two trees must not change
 * meanwhile; if they do, nothing outside of them is touched. Gives the event loop its turn every few milliseconds.
 * An xattr that the target's file system cannot hold is left out.
 */
export async function copyTree(from: Directory, to: Directory, options: CopyTreeOptions = {}): Promise<void> {
  using source = from.openDirectory('.');
  using target = to.openDirectory('.');
  await runInSlices(copyDirectory({ root: target, links: new Map(), options }, source, target, ''), options);
}

interface Copy {
  root: Directory;
  /** Device and inode of a file with several names → its first place below `root`, as a `pathKey`. */
  links: Map<string, string>;
  options: CopyTreeOptions;
}

/** Yields where the event loop may be given its turn. */
function* copyDirectory(
  copy: Copy,
  from: Directory,
  to: Directory,
  prefix: string,
): Generator<undefined, void, undefined> {
  for (const name of from.names()) {
    const stat = from.stat(name);
    const decision = copy.options.decide?.({ from, to, name, stat }) ?? 'copy';
    if (decision === 'skip') continue;
    if (stat.kind === 'directory') {
      if (decision === 'copy') to.mkdir(name, 0o700);
      using source = from.openDirectory(name, { flags: openFlags.path | openFlags.noFollow });
      using target = to.openDirectory(name, { flags: openFlags.path | openFlags.noFollow });
      yield* copyDirectory(copy, source, target, `${prefix}${pathKey(name)}/`);
    } else {
      yield* copyEntry(copy, { from, to, name, stat }, prefix);
    }
    yield undefined;
  }
  if (prefix === '' && copy.options.keepRoot === true) return;
  const stat = from.stat();
  const { uid, gid } = ownerOf(copy, stat);
  to.chown('', uid, gid);
  to.chmod('', stat.mode);
  copyXattrs(copy, `${from.path}/.`, `${to.path}/.`);
  to.setTimes('', stat.accessedNs, stat.modifiedNs);
}

function* copyEntry(copy: Copy, entry: CopyTreeEntry, prefix: string): Generator<undefined, void, undefined> {
  const { name, stat } = entry;
  if (stat.links > 1) {
    const key = `${stat.device.major}:${stat.device.minor}:${stat.inode}`;
    const first = copy.links.get(key);
    if (first !== undefined) {
      linkToFirst(copy, first, entry);
      return;
    }
    copy.links.set(key, `${prefix}${pathKey(name)}`);
  }
  if (stat.kind === 'file') yield* copyFile(copy, entry);
  else copySpecial(copy, entry);
}

function copySpecial(copy: Copy, { from, to, name, stat }: CopyTreeEntry): void {
  if (stat.kind === 'symlink') to.symlink(from.readlink(name), name);
  else to.mknod(name, typeBits[stat.kind as keyof typeof typeBits] | 0o600, stat.target);
  const { uid, gid } = ownerOf(copy, stat);
  to.chown(name, uid, gid);
  if (stat.kind !== 'symlink') to.chmod(name, stat.mode);
  copyXattrs(copy, from.entryPath(name), to.entryPath(name));
  to.setTimes(name, stat.accessedNs, stat.modifiedNs);
}

function linkToFirst(copy: Copy, first: string, entry: CopyTreeEntry): void {
  using file = new Descriptor(
    openAt(copy.root.fd, keyBytes(first), {
      flags: openFlags.path | openFlags.noFollow,
      resolve: resolveFlags.beneath | resolveFlags.noSymlinks,
    }),
  );
  entry.to.link(file, entry.name);
}

function* copyFile(
  copy: Copy,
  { from, to, name, stat }: CopyTreeEntry,
): Generator<undefined, void, undefined> {
  using place = from.open(name, { flags: openFlags.path | openFlags.noFollow });
  if (statAt(place.fd, '').kind !== 'file') return;
  using source = place.reopen(openFlags.readOnly);
  using target = to.open(name, {
    flags: openFlags.readWrite | openFlags.create | openFlags.exclusive,
    mode: 0o600,
  });
  truncateFile(target, stat.sizeBytes);
  for (const { start, end } of dataExtents(source, stat.sizeBytes)) {
    yield* copyExtent(source, target, start, end);
  }
  const { uid, gid } = ownerOf(copy, stat);
  changeOwner(target, uid, gid);
  changeMode(target, stat.mode);
  copyXattrs(copy, source, target);
  changeTimes(target, stat.accessedNs, stat.modifiedNs);
}

function* copyExtent(
  source: Descriptor,
  target: Descriptor,
  start: number,
  end: number,
): Generator<undefined, void, undefined> {
  for (let offset = start; offset < end; ) {
    const length = Math.min(end - offset, copyChunkBytes);
    const copied = copyRange(source, target, offset, length) ?? copyByHand(source, target, offset, length);
    if (copied === 0) return;
    offset += copied;
    yield undefined;
  }
}

function copyByHand(source: Descriptor, target: Descriptor, offset: number, lengthBytes: number): number {
  const chunk = Buffer.allocUnsafe(Math.min(lengthBytes, 1024 * 1024));
  const length = readSync(source.fd, chunk, 0, chunk.length, offset);
  seekTo(target, offset);
  writeAll(target, chunk.subarray(0, length));
  return length;
}

function ownerOf({ options }: Copy, stat: FileStat): Owner {
  return options.ids?.owner(stat) ?? stat;
}

function copyXattrs({ options }: Copy, from: XattrTarget, to: XattrTarget): void {
  for (const name of listXattrs(from)) {
    const value = droppedXattrs.test(name) ? undefined : getXattr(from, name);
    if (value === undefined) continue;
    try {
      setXattr(to, name, options.ids?.xattr(name, value) ?? value);
    } catch (error) {
      if (!isErrno(error, 'EOPNOTSUPP')) throw error;
    }
  }
}
