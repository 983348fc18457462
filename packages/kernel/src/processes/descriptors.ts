import { constants } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { bind, check, lastErrno } from '../ffi/libc.ts';

/** What a transfer on a non-blocking descriptor came to: bytes, `0` for the end, or that it has to wait. */
export type Transfer = number | 'would-block';

/** Closes a descriptor that FFI opened. Never throws: there is nothing to do about it. */
export function closeDescriptor(descriptor: number): void {
  native.close(descriptor);
}

/** A further descriptor for the same open file, closed on exec. */
export function duplicateDescriptor(descriptor: number): number {
  return check(native.fcntl(descriptor, duplicateCloseOnExec, 0), 'fcntl', `descriptor ${descriptor}`);
}

/** Makes reads and writes return instead of waiting, for everybody who shares the open file. */
export function setNonBlocking(descriptor: number): void {
  const subject = `descriptor ${descriptor}`;
  const flags = check(native.fcntl(descriptor, getFlags, 0), 'fcntl', subject);
  check(native.fcntl(descriptor, setFlags, flags | nonBlock), 'fcntl', subject);
}

/** Reads into `buffer` from the current position. A terminal whose other side is closed (EIO) has ended. */
export function readDescriptor(descriptor: number, buffer: Uint8Array): Transfer {
  return transferred(native.read(descriptor, buffer, buffer.length), 'read', descriptor);
}

/** Writes what fits. Throws `KernelError` EPIPE when nobody can read it. */
export function writeDescriptor(descriptor: number, data: Uint8Array): Transfer {
  return transferred(native.write(descriptor, data, data.length), 'write', descriptor);
}

/**
 * Moves up to `maxBytes` from a pipe or terminal to a pipe, or from a pipe to a file at `fileOffset`, inside the kernel
 * (splice(2)). Whatever happens to this process, each byte is on exactly one of the two sides.
 */
export function moveBytes(from: number, to: number, maxBytes: number, fileOffset?: number): Transfer {
  const offset =
    fileOffset === undefined ? null : new Uint8Array(new BigInt64Array([BigInt(fileOffset)]).buffer);
  return transferred(native.splice(from, null, to, offset, maxBytes, spliceNonBlock), 'splice', from);
}

const spliceNonBlock = 2;
const getFlags = 3;
const setFlags = 4;
const nonBlock = 0x800;
const duplicateCloseOnExec = 1030;

const { EAGAIN, EINTR, EIO } = constants.errno;

function transferred(result: number, call: string, descriptor: number): Transfer {
  if (result >= 0) return result;
  const errno = lastErrno();
  if (errno === EAGAIN || errno === EINTR) return 'would-block';
  if (errno === EIO && call !== 'write') return 0;
  throw new KernelError(call, errno, `descriptor ${descriptor}`);
}

const native = {
  close: bind('int close(int fd)'),
  fcntl: bind('int fcntl(int fd, int command, int argument)'),
  read: bind('int64_t read(int fd, void *buffer, size_t length)'),
  write: bind('int64_t write(int fd, const void *buffer, size_t length)'),
  splice: bind(
    'int64_t splice(int from, void *fromOffset, int to, void *toOffset, size_t length, uint32_t flags)',
  ),
};
