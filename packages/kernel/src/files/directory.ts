import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { bind, check, lastErrno } from '../ffi/libc.ts';
import { type BytePath, cPath, pathText } from './byte-path.ts';
import { Descriptor, type OpenOptions, openAt, openPath } from './descriptor.ts';
import { type DeviceNumber, type FileStat, statAt } from './file-stat.ts';
import { atFlags, openFlags } from './flags.ts';
import { encodeTimes } from './timestamps.ts';

const mkdirat = bind('int mkdirat(int dirfd, const uint8_t *path, uint32_t mode)');
const mknodat = bind('int mknodat(int dirfd, const uint8_t *path, uint32_t mode, uint64_t device)');
const symlinkat = bind('int symlinkat(const uint8_t *target, int dirfd, const uint8_t *path)');
const linkat = bind(
  'int linkat(int from, const uint8_t *fromPath, int to, const uint8_t *toPath, int flags)',
);
const unlinkat = bind('int unlinkat(int dirfd, const uint8_t *path, int flags)');
const renameat2 = bind(
  'int renameat2(int from, const uint8_t *fromPath, int to, const uint8_t *toPath, uint32_t flags)',
);
const fchownat = bind('int fchownat(int dirfd, const uint8_t *path, uint32_t uid, uint32_t gid, int flags)');
const fchmodat = bind('int fchmodat(int dirfd, const uint8_t *path, uint32_t mode, int flags)');
const fchmodat2 = bind(
  'int64_t syscall(int64_t number, int dirfd, const uint8_t *path, uint32_t mode, uint32_t flags)',
);
/** The same number on every architecture. */
const fchmodat2Number = 452;
const utimensat = bind('int utimensat(int dirfd, const uint8_t *path, const uint8_t *times, int flags)');
const readlinkat = bind('int64_t readlinkat(int dirfd, const uint8_t *path, uint8_t *out, uint64_t size)');

/** `linux/fs.h`. */
export const renameFlags = { noReplace: 1, exchange: 2, whiteout: 4 } as const;

/**
 * An open directory. Every method takes a name (or a path) relative to it and never follows a last link. A path of
 * several components does follow links on its way, out of the directory too: from an image or a container take single
 * names, or open the parent with `insideRoot` first.
 */
export class Directory extends Descriptor {
  /** Opens a directory of the host that this engine made, as `O_PATH`. */
  static openPath(path: BytePath): Directory {
    return new Directory(openPath(path, openFlags.path | openFlags.directory));
  }

  open(path: BytePath, options: OpenOptions): Descriptor {
    return new Descriptor(openAt(this.fd, path, options));
  }

  /** As `O_PATH` unless `flags` say otherwise. */
  openDirectory(path: BytePath, options: { resolve?: number; flags?: number } = {}): Directory {
    const flags = (options.flags ?? openFlags.path) | openFlags.directory;
    return new Directory(openAt(this.fd, path, { ...options, flags }));
  }

  /** Names without `.` and `..`, as bytes, in no order. */
  names(): Buffer[] {
    return readdirSync(this.path, { encoding: 'buffer' });
  }

  /** Of the entry; of the directory itself when the path is empty. */
  stat(path: BytePath = ''): FileStat {
    return statAt(this.fd, path);
  }

  mkdir(path: BytePath, mode: number): void {
    check(mkdirat(this.fd, cPath(path), mode), 'mkdir', pathText(path));
  }

  /** `mode` with the file type of `modeBits`. */
  mknod(path: BytePath, mode: number, device: DeviceNumber = { major: 0, minor: 0 }): void {
    check(mknodat(this.fd, cPath(path), mode, makeDevice(device)), 'mknod', pathText(path));
  }

  symlink(target: BytePath, path: BytePath): void {
    check(symlinkat(cPath(target), this.fd, cPath(path)), 'symlink', pathText(path));
  }

  /** Gives the open file another name here. */
  link(file: Descriptor, path: BytePath): void {
    const from = cPath(file.path);
    check(
      linkat(atFlags.currentDirectory, from, this.fd, cPath(path), atFlags.symlinkFollow),
      'link',
      pathText(path),
    );
  }

  unlink(path: BytePath): void {
    check(unlinkat(this.fd, cPath(path), 0), 'unlink', pathText(path));
  }

  /** Removes anything but a directory, or nothing; false when a directory is there. */
  tryUnlink(path: BytePath): boolean {
    const result = unlinkat(this.fd, cPath(path), 0);
    if (result >= 0) return true;
    const errno = lastErrno();
    if (errno === constants.errno.EISDIR) return false;
    if (errno === constants.errno.ENOENT) return true;
    throw new KernelError('unlink', errno, pathText(path));
  }

  /** On a pool thread: freeing a large file takes long. Idempotent. Main thread only. */
  async unlinkAsync(path: BytePath): Promise<void> {
    const { result, errno } = await unlinkat.async(this.fd, cPath(path), 0);
    if (result < 0 && errno !== constants.errno.ENOENT)
      throw new KernelError('unlink', errno, pathText(path));
  }

  rmdir(path: BytePath): void {
    check(unlinkat(this.fd, cPath(path), atFlags.removeDirectory), 'rmdir', pathText(path));
  }

  rename(path: BytePath, to: Directory, toPath: BytePath, flags: number = 0): void {
    check(renameat2(this.fd, cPath(path), to.fd, cPath(toPath), flags), 'rename', pathText(path));
  }

  /** Clears setuid, setgid and capabilities: chmod and xattrs come after it. Empty path: the directory itself. */
  chown(path: BytePath, uid: number, gid: number): void {
    const flags = path.length === 0 ? atFlags.emptyPath : atFlags.symlinkNoFollow;
    check(fchownat(this.fd, cPath(path), uid, gid, flags), 'chown', pathText(path));
  }

  /** Not of a symbolic link: EOPNOTSUPP, a link has no mode. Empty path: the directory itself. */
  chmod(path: BytePath, mode: number): void {
    const flags = path.length === 0 ? atFlags.emptyPath : atFlags.symlinkNoFollow;
    if (fchmodat2(fchmodat2Number, this.fd, cPath(path), mode, flags) >= 0) return;
    const errno = lastErrno();
    if (errno !== constants.errno.ENOSYS) throw new KernelError('chmod', errno, pathText(path));
    this.#chmodByLibrary(path, mode);
  }

  /** Before Linux 6.6 the C library goes by way of /proc. */
  #chmodByLibrary(path: BytePath, mode: number): void {
    const [at, target, flags] =
      path.length === 0
        ? ([atFlags.currentDirectory, this.path, 0] as const)
        : ([this.fd, path, atFlags.symlinkNoFollow] as const);
    check(fchmodat(at, cPath(target), mode, flags), 'chmod', pathText(path));
  }

  /** Nanoseconds since the epoch. Empty path: the directory itself. */
  setTimes(path: BytePath, accessedNs: bigint, modifiedNs: bigint): void {
    const flags = path.length === 0 ? atFlags.emptyPath : atFlags.symlinkNoFollow;
    const times = encodeTimes(accessedNs, modifiedNs);
    check(utimensat(this.fd, cPath(path), times, flags), 'utimens', pathText(path));
  }

  /** The target's bytes. Empty path: of the link that this descriptor is open on. */
  readlink(path: BytePath): Uint8Array {
    return readlinkAt(this.fd, path);
  }

  /** A path that leads to the entry, for calls that take no directory (xattrs). */
  entryPath(name: BytePath): Uint8Array {
    return Buffer.concat([Buffer.from(`${this.path}/`), typeof name === 'string' ? Buffer.from(name) : name]);
  }
}

/** readlinkat(2). An empty path reads the link that `dirfd` is open on (`O_PATH | O_NOFOLLOW`). */
export function readlinkAt(dirfd: number, path: BytePath): Uint8Array {
  const out = new Uint8Array(4097);
  const length = check(readlinkat(dirfd, cPath(path), out, out.length), 'readlink', pathText(path));
  return out.subarray(0, length);
}

/** The C library's `makedev`: twelve bits of major in the middle, minor around it, the rest above. */
function makeDevice({ major, minor }: DeviceNumber): bigint {
  const [wideMajor, wideMinor] = [BigInt(major), BigInt(minor)];
  return (
    ((wideMajor & 0xfffff000n) << 32n) |
    ((wideMajor & 0xfffn) << 8n) |
    ((wideMinor & 0xffffff00n) << 12n) |
    (wideMinor & 0xffn)
  );
}
