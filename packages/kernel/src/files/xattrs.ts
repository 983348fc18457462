import { constants } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { bind, check, lastErrno, type NativeFunction } from '../ffi/libc.ts';
import { type BytePath, cPath, pathText } from './byte-path.ts';
import type { Descriptor } from './descriptor.ts';

const setByFd = bind(
  'int fsetxattr(int fd, const char *name, const uint8_t *value, uint64_t size, int flags)',
);
const setByPath = bind(
  'int lsetxattr(const uint8_t *path, const char *name, const uint8_t *value, uint64_t size, int flags)',
);
const getByFd = bind('int64_t fgetxattr(int fd, const char *name, uint8_t *value, uint64_t size)');
const getByPath = bind(
  'int64_t lgetxattr(const uint8_t *path, const char *name, uint8_t *value, uint64_t size)',
);
const listByFd = bind('int64_t flistxattr(int fd, uint8_t *list, uint64_t size)');
const listByPath = bind('int64_t llistxattr(const uint8_t *path, uint8_t *list, uint64_t size)');
const removeByFd = bind('int fremovexattr(int fd, const char *name)');
const removeByPath = bind('int lremovexattr(const uint8_t *path, const char *name)');

/** `linux/limits.h`: XATTR_SIZE_MAX and XATTR_LIST_MAX. */
const maxValueBytes = 65536;

/** An open file (not `O_PATH`), or a path whose last link is not followed (`Directory.entryPath`). */
export type XattrTarget = Descriptor | BytePath;

/** `name` with its namespace: `user.x`, `security.capability`. Sets or replaces. */
export function setXattr(target: XattrTarget, name: string, value: Uint8Array): void {
  const result = isPath(target)
    ? setByPath(cPath(target), name, value, value.length, 0)
    : setByFd(target.fd, name, value, value.length, 0);
  check(result, `setxattr ${name}`, subject(target));
}

/** Undefined when the file has no such attribute, or its file system has none at all. */
export function getXattr(target: XattrTarget, name: string): Uint8Array | undefined {
  const small = new Uint8Array(256);
  const read = isPath(target)
    ? (out: Uint8Array) => getByPath(cPath(target), name, out, out.length)
    : (out: Uint8Array) => getByFd(target.fd, name, out, out.length);
  return readGrowing(read, small, `getxattr ${name}`, subject(target));
}

/** Names in the order of the file system. Empty where the file system has no attributes. */
export function listXattrs(target: XattrTarget): string[] {
  const small = new Uint8Array(1024);
  const read = isPath(target)
    ? (out: Uint8Array) => listByPath(cPath(target), out, out.length)
    : (out: Uint8Array) => listByFd(target.fd, out, out.length);
  const list = readGrowing(read, small, 'listxattr', subject(target));
  if (list === undefined || list.length === 0) return [];
  return Buffer.from(list.subarray(0, -1)).toString().split('\0');
}

/** Idempotent. */
export function removeXattr(target: XattrTarget, name: string): void {
  const result = isPath(target) ? removeByPath(cPath(target), name) : removeByFd(target.fd, name);
  if (result < 0 && lastErrno() === constants.errno.ENODATA) return;
  check(result, `removexattr ${name}`, subject(target));
}

function readGrowing(
  read: (out: Uint8Array) => ReturnType<NativeFunction>,
  small: Uint8Array,
  call: string,
  name: string,
): Uint8Array | undefined {
  const length = read(small);
  if (length >= 0) return small.subarray(0, length);
  const errno = lastErrno();
  if (errno === constants.errno.ENODATA || errno === constants.errno.EOPNOTSUPP) return undefined;
  if (errno !== constants.errno.ERANGE) throw new KernelError(call, errno, name);
  const large = new Uint8Array(maxValueBytes);
  return large.subarray(0, check(read(large), call, name));
}

function isPath(target: XattrTarget): target is BytePath {
  return typeof target === 'string' || target instanceof Uint8Array;
}

function subject(target: XattrTarget): string {
  return isPath(target) ? pathText(target) : target.path;
}
