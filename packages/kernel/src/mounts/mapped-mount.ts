import { EngineError } from '@gantry/base';
import { isErrno } from '../ffi/errno.ts';
import { bind, check } from '../ffi/libc.ts';
import { Descriptor } from '../files/descriptor.ts';
import { atFlags } from '../files/flags.ts';
import type { UserNamespace } from '../namespaces/user-namespace.ts';

/** System calls of Linux 5.2, mount_setattr(2) of 5.12; the numbers are the same on every architecture. */
const numbers = { openTree: 428, moveMount: 429, mountSetattr: 442 } as const;
/** `linux/mount.h`, `linux/fcntl.h`. */
const openTreeClone = 1;
const closeOnExec = 0o2000000;
const recursively = 0x8000;
const emptyPath = 0x1000;
const moveFromEmptyPath = 4;
const attributes = { readOnly: 1n, idMap: 0x00100000n } as const;

const openTree = bind('int64_t syscall(int64_t number, int directory, const char *path, uint32_t flags)');
const mountSetattr = bind(
  'int64_t syscall(int64_t number, int fd, const char *path, uint32_t flags, const uint8_t *attributes, uint64_t size)',
);
const moveMount = bind(
  'int64_t syscall(int64_t number, int from, const char *fromPath, int to, const char *toPath, uint32_t flags)',
);

/** The kernel cannot show a file system with other owners than it has. */
export class UnmappableMountError extends EngineError {
  override readonly name = 'UnmappableMountError';
  constructor(source: string, cause: unknown) {
    super(
      'unavailable',
      'unmappable-mount',
      `${source}: the kernel or the file system there does not take id-mapped mounts (mount_setattr(2))`,
      { details: { source }, cause },
    );
  }
}

export interface MappedMountOptions {
  /** The mounts below `source` too. */
  recursive?: boolean;
  readOnly?: boolean;
}

/**
 * `source` appears at `target`, a place of the same kind, with the ids of its files taken for ids of `namespace`: what belongs to
 * root on the disk belongs to the namespace's root there, and the other way round for what is made there. Nothing on the disk
 * is changed. Throws `UnmappableMountError` (before Linux 5.12, and for file systems that cannot).
 */
export function mountMapped(
  source: string,
  target: string,
  namespace: UserNamespace,
  options: MappedMountOptions = {},
): void {
  const depth = options.recursive === true ? recursively : 0;
  const flags = openTreeClone | closeOnExec | depth;
  const fd = openTree(numbers.openTree, atFlags.currentDirectory, source, flags);
  using tree = new Descriptor(check(fd, 'open_tree', source));
  const wanted = new BigUint64Array(4);
  wanted[0] = attributes.idMap | (options.readOnly === true ? attributes.readOnly : 0n);
  wanted[3] = BigInt(namespace.descriptor.fd);
  const size = wanted.byteLength;
  const bytes = new Uint8Array(wanted.buffer);
  const changed = mountSetattr(numbers.mountSetattr, tree.fd, '', emptyPath | depth, bytes, size);
  try {
    check(changed, 'mount_setattr', source);
  } catch (error) {
    throw isErrno(error, 'EINVAL', 'ENOSYS', 'EPERM') ? new UnmappableMountError(source, error) : error;
  }
  const to = atFlags.currentDirectory;
  check(moveMount(numbers.moveMount, tree.fd, '', to, target, moveFromEmptyPath), 'move_mount', target);
}
