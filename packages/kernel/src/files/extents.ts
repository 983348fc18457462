import { constants } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { bind, check, lastErrno } from '../ffi/libc.ts';
import type { Descriptor } from './descriptor.ts';

const lseek = bind('int64_t lseek(int fd, int64_t offset, int whence)');
const fallocate = bind('int fallocate(int fd, int mode, int64_t offset, int64_t length)');
const copyFileRangeNative = bind(
  'int64_t copy_file_range(int from, uint8_t *fromOffset, int to, uint8_t *toOffset, uint64_t length, uint32_t flags)',
);

/** `linux/fs.h`. */
const seekSet = 0;
const seekData = 3;
const seekHole = 4;
/** `linux/falloc.h`: FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE. */
const keepSize = 1;
const punch = 2;

/** A run of bytes that are stored, `[start, end)`. */
export interface Extent {
  start: number;
  end: number;
}

/** Moves the file's position. */
export function seekTo(file: Descriptor, offset: number): void {
  check(lseek(file.fd, offset, seekSet), 'lseek', file.path);
}

/** The file's data without its holes, in order. A file system that knows no holes gives one extent. Moves the position. */
export function* dataExtents(file: Descriptor, sizeBytes: number): Generator<Extent, void, undefined> {
  let offset = 0;
  while (offset < sizeBytes) {
    const start = lseek(file.fd, offset, seekData);
    if (start < 0) {
      if (lastErrno() === constants.errno.ENXIO) return;
      check(start, 'lseek', file.path);
    }
    const end = Math.min(check(lseek(file.fd, start, seekHole), 'lseek', file.path), sizeBytes);
    if (start >= end) return;
    yield { start, end };
    offset = end;
  }
}

/** Reserves blocks without changing the size, so that writing cannot run out of space half way. */
export function reserveSpace(file: Descriptor, offset: number, lengthBytes: number): void {
  check(fallocate(file.fd, keepSize, offset, lengthBytes), 'fallocate', file.path);
}

/** Frees the blocks of a range: it reads as zeros. */
export function punchHole(file: Descriptor, offset: number, lengthBytes: number): void {
  check(fallocate(file.fd, keepSize | punch, offset, lengthBytes), 'fallocate', file.path);
}

/**
 * Copies up to `lengthBytes` at `offset` of `from` to the same offset of `to` inside the kernel, sharing blocks where
 * the file system can. Returns the bytes copied, 0 at the end, or undefined where this pair of files cannot do it.
 */
export function copyRange(
  from: Descriptor,
  to: Descriptor,
  offset: number,
  lengthBytes: number,
): number | undefined {
  const [fromOffset, toOffset] = [offsetBytes(offset), offsetBytes(offset)];
  const copied = copyFileRangeNative(from.fd, fromOffset, to.fd, toOffset, lengthBytes, 0);
  if (copied >= 0) return copied;
  const errno = lastErrno();
  const { EXDEV, EINVAL, ENOSYS, EOPNOTSUPP } = constants.errno;
  if ([EXDEV, EINVAL, ENOSYS, EOPNOTSUPP].includes(errno)) return undefined;
  throw new KernelError('copy_file_range', errno, to.path);
}

function offsetBytes(offset: number): Uint8Array {
  return new Uint8Array(new BigInt64Array([BigInt(offset)]).buffer);
}
