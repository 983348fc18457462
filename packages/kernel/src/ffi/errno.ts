import { constants } from 'node:os';
import { EngineError, type ErrorKind } from '@gantry/base';

/** Second names of a number that has a usual one (errno(3)). */
const aliases: readonly string[] = ['EWOULDBLOCK', 'ENOTSUP', 'EDEADLOCK'];

const names = new Map(
  Object.entries(constants.errno)
    .filter(([name]) => !aliases.includes(name))
    .map(([name, value]) => [value, name]),
);

/** The one table from errno to error kind; everything else is `internal`. */
const kinds: Readonly<Record<string, ErrorKind>> = {
  ENOENT: 'not-found',
  ESRCH: 'not-found',
  ENODEV: 'not-found',
  EEXIST: 'conflict',
  EBUSY: 'conflict',
  EADDRINUSE: 'conflict',
  ENOTEMPTY: 'conflict',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
  EROFS: 'forbidden',
  EXDEV: 'forbidden',
  EINVAL: 'invalid',
  ELOOP: 'invalid',
  ENAMETOOLONG: 'invalid',
  ENOTDIR: 'invalid',
  EISDIR: 'invalid',
  ENOSYS: 'not-implemented',
  EOPNOTSUPP: 'not-implemented',
  ENOSPC: 'exhausted',
  EDQUOT: 'exhausted',
  EMFILE: 'exhausted',
  ENFILE: 'exhausted',
  ENOMEM: 'exhausted',
  EAGAIN: 'unavailable',
  ECANCELED: 'cancelled',
};

/** A system call failed. `errno` is positive; `errnoName` is `ENOENT` and the like. */
export class KernelError extends EngineError {
  override readonly name = 'KernelError';
  readonly errno: number;
  readonly errnoName: string;

  /** `subject` names the object: a path, an interface, a pid. */
  constructor(call: string, errno: number, subject: string) {
    const errnoName = names.get(errno) ?? `errno ${errno}`;
    super(kinds[errnoName] ?? 'internal', 'kernel', `${call} ${subject}: ${errnoName}`, {
      details: { call, errno, subject },
    });
    this.errno = errno;
    this.errnoName = errnoName;
  }
}

/** True for a `KernelError`, or an error of node:fs, of one of the errno names given. */
export function isErrno(error: unknown, ...errnoNames: string[]): boolean {
  if (error instanceof KernelError) return errnoNames.includes(error.errnoName);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && errnoNames.includes(code);
}
