import { bind, check } from '../ffi/libc.ts';

/** Makes a FIFO. Throws `KernelError` EEXIST when the path is taken. */
export function makeFifo(path: string, mode: number): void {
  check(native.mkfifo(path, mode), 'mkfifo', path);
}

/** Makes a device node that behaves like /dev/null and is nobody else's; it opens only where the mount allows devices. */
export function makeNullDevice(path: string): void {
  const nullDevice = (1 << 8) | 3;
  check(native.mknod(path, characterDevice | 0o666, nullDevice), 'mknod', path);
}

/** A pipe, both ends closed on exec and blocking. The caller closes them. */
export function makePipe(): { readEnd: number; writeEnd: number } {
  const ends = new Int32Array(2);
  check(native.pipe2(new Uint8Array(ends.buffer), closeOnExec), 'pipe2', 'a pipe');
  return { readEnd: ends[0] ?? -1, writeEnd: ends[1] ?? -1 };
}

/**
 * Asks for room for `sizeBytes` in a pipe; it takes memory only when it is filled. Keeps the size there is when the
 * system refuses (/proc/sys/fs/pipe-max-size). Returns the size in force.
 */
export function resizePipe(descriptor: number, sizeBytes: number): number {
  const result = native.fcntl(descriptor, setPipeSize, sizeBytes);
  return result > 0 ? result : native.fcntl(descriptor, getPipeSize, 0);
}

const characterDevice = 0o020000;
const closeOnExec = 0x80000;
const setPipeSize = 1031;
const getPipeSize = 1032;

const native = {
  mkfifo: bind('int mkfifo(const char *path, uint32_t mode)'),
  mknod: bind('int mknod(const char *path, uint32_t mode, uint64_t device)'),
  pipe2: bind('int pipe2(void *ends, int flags)'),
  fcntl: bind('int fcntl(int fd, int command, int argument)'),
};
