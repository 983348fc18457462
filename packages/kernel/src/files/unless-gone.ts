import { isErrno } from '../ffi/errno.ts';

/** The result of `look`, or undefined when what it looks for is not there, or not there any more. */
export function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
}
