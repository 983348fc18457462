import { KernelError } from '../ffi/errno.ts';
import { bind, check } from '../ffi/libc.ts';
import type { Descriptor } from './descriptor.ts';
import { encodeTimes } from './timestamps.ts';

const fchown = bind('int fchown(int fd, uint32_t uid, uint32_t gid)');
const fchmod = bind('int fchmod(int fd, uint32_t mode)');
const futimens = bind('int futimens(int fd, const uint8_t *times)');
const ftruncate = bind('int ftruncate(int fd, int64_t size)');
const writeNative = bind('int64_t write(int fd, const uint8_t *data, uint64_t size)');
const fsync = bind('int fsync(int fd)');
const syncFileRange = bind('int sync_file_range(int fd, int64_t offset, int64_t length, uint32_t flags)');
const syncfs = bind('int syncfs(int fd)');

/** Of an open file (not `O_PATH`). Clears setuid, setgid and capabilities: mode and xattrs come after it. */
export function changeOwner(file: Descriptor, uid: number, gid: number): void {
  check(fchown(file.fd, uid, gid), 'chown', file.path);
}

export function changeMode(file: Descriptor, mode: number): void {
  check(fchmod(file.fd, mode), 'chmod', file.path);
}

/** Nanoseconds since the epoch. */
export function changeTimes(file: Descriptor, accessedNs: bigint, modifiedNs: bigint): void {
  check(futimens(file.fd, encodeTimes(accessedNs, modifiedNs)), 'utimens', file.path);
}

/** Cuts, or grows by a hole. */
export function truncateFile(file: Descriptor, sizeBytes: number): void {
  check(ftruncate(file.fd, sizeBytes), 'truncate', file.path);
}

/** Writes all of it at the file's position, however many calls it takes. */
export function writeAll(file: Descriptor, data: Uint8Array): void {
  let rest = data;
  while (rest.length > 0) {
    const written = check(writeNative(file.fd, rest, rest.length), 'write', file.path);
    rest = rest.subarray(written);
  }
}

/** Blocks until the file is on its medium. */
export function syncFile(file: Descriptor): void {
  check(fsync(file.fd), 'fsync', file.path);
}

/** SYNC_FILE_RANGE_WRITE of `linux/fs.h`. */
const beginOnly = 2;

/**
 * Has the kernel begin to write a part of a file to its medium, so that a later fsync has little to wait for
 * (sync_file_range(2)). Promises nothing: what fails here, fsync tells. Main thread only.
 */
export async function beginWriteBack(fd: number, offset: number, lengthBytes: number): Promise<void> {
  await syncFileRange.async(fd, offset, lengthBytes, beginOnly);
}

/** Blocks until everything that was written to the file's file system is on its medium. */
export function syncFileSystem(file: Descriptor): void {
  check(syncfs(file.fd), 'syncfs', file.path);
}

/** The same on a pool thread: the event loop does not wait. Main thread only. */
export async function syncFileSystemAsync(file: Descriptor): Promise<void> {
  const { result, errno } = await syncfs.async(file.fd);
  if (result < 0) throw new KernelError('syncfs', errno, file.path);
}
