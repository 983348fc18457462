import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { bind, check, lastErrno } from '../ffi/libc.ts';
import { Descriptor } from './descriptor.ts';
import { writeAll } from './open-file.ts';

/**
 * A copy of a program in memory (memfd_create(2)) that nobody can change any more, root in a container included: sealed
 * against writing, growing, shrinking and unsealing. The caller closes it; run it as `/proc/self/fd/<n>`. Throws `KernelError` EACCES where the system forbids such programs (sysctl vm.memfd_noexec).
 */
export function sealedCopy(program: string, name: string): Descriptor {
  const copy = new Descriptor(createExecutable(name));
  try {
    writeAll(copy, readFileSync(program));
    check(native.fcntl(copy.fd, addSeals, allSeals), 'fcntl', name);
    return copy;
  } catch (error) {
    copy.close();
    throw error;
  }
}

/** Kernels before 6.3 do not know the flag for programs, and need none. */
function createExecutable(name: string): number {
  const descriptor = native.create(name, closeOnExec | allowSealing | executable);
  if (descriptor >= 0) return descriptor;
  const errno = lastErrno();
  if (errno !== constants.errno.EINVAL) throw new KernelError('memfd_create', errno, name);
  return check(native.create(name, closeOnExec | allowSealing), 'memfd_create', name);
}

/** `linux/memfd.h`, `linux/fcntl.h`. */
const closeOnExec = 1;
const allowSealing = 2;
const executable = 0x10;
const addSeals = 1033;
/** F_SEAL_SEAL, SHRINK, GROW and WRITE: crun and runc ask for exactly these. */
const allSeals = 0xf;

const native = {
  create: bind('int memfd_create(const char *name, uint32_t flags)'),
  fcntl: bind('int fcntl(int fd, int command, int argument)'),
};
