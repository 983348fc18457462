import { closeSync, constants, openSync } from 'node:fs';
import { isErrno } from '../ffi/errno.ts';
import { bind, check } from '../ffi/libc.ts';

const flock = bind('int flock(int fd, int operation)');

/** flock(2) */
const exclusive = 2;
const nonBlocking = 4;

/**
 * Takes an exclusive lock on a file, made if missing, without waiting. The kernel releases it when the process ends,
 * however it ends. Undefined when another process holds it. Throws `KernelError` when the file cannot be opened.
 */
export function tryLockFile(path: string): Disposable | undefined {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    check(flock(descriptor, exclusive | nonBlocking), 'flock', path);
  } catch (error) {
    closeSync(descriptor);
    if (isErrno(error, 'EAGAIN')) return undefined;
    throw error;
  }
  return { [Symbol.dispose]: () => closeSync(descriptor) };
}
