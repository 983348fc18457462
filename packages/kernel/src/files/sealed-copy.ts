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
  return filled(createMemory(name, executable), readFileSync(program));
}

/** The same of data. Exactly these seals are what journald asks for: it is not told to be no program, which is a seal too. */
export function sealedMemory(name: string, data: Uint8Array): Descriptor {
  return filled(createMemory(name, 0), data);
}

function filled(descriptor: number, data: Uint8Array): Descriptor {
  const file = new Descriptor(descriptor);
  try {
    writeAll(file, data);
    check(native.fcntl(file.fd, addSeals, allSeals), 'fcntl', file.path);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Kernels before 6.3 do not know whether it is for programs, and need not. */
function createMemory(name: string, kind: number): number {
  const descriptor = native.create(name, closeOnExec | allowSealing | kind);
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
