import { closeSync, existsSync, openSync, rmSync, statfsSync } from 'node:fs';
import { isErrno, KernelError } from '../ffi/errno.ts';
import { bind, check } from '../ffi/libc.ts';

const libc = {
  unshare: bind('int unshare(int flags)'),
  setns: bind('int setns(int fd, int type)'),
  mount: bind(
    'int mount(const char *source, const char *target, const char *type, uint64_t flags, const char *data)',
  ),
  umount2: bind('int umount2(const char *target, int flags)'),
};

const CLONE_NEWNET = 0x40000000;
const MS_BIND = 0x1000;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
const NSFS_MAGIC = 0x6e736673;
const own = '/proc/thread-self/ns/net';

/** Work that is over when it returns: a promise would go on in the wrong namespace, so it is no such work. */
export type SynchronousWork<T> = () => T extends PromiseLike<unknown> ? never : T;

/**
 * Makes a network namespace, pins it at `path` (a file that is made; its directory exists) and runs `inside` in it, all
 * in one go on this thread, 0.4 ms. The namespace lives until `releaseNetworkNamespace`, whatever runs in it. Throws a
 * `KernelError` and leaves nothing; `EEXIST` when the path is taken. Sockets that `inside` opens stay in the namespace.
 * Nothing that `inside` calls may start a thread or a process that is to live elsewhere: it would inherit the namespace.
 * With `existing`, a path of a namespace that is there already, that one is pinned.
 */
export function createNetworkNamespace<T>(path: string, inside: SynchronousWork<T>, existing?: string): T {
  closeSync(openSync(path, 'wx', 0o444));
  try {
    return awayFromHome(() => {
      if (existing === undefined) check(libc.unshare(CLONE_NEWNET), 'unshare', 'network namespace');
      else enter(existing);
      check(libc.mount(own, path, null, MS_BIND, null), 'mount', path);
      try {
        return inside();
      } catch (error) {
        libc.umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
        throw error;
      }
    });
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/**
 * Runs `inside` in the network namespace pinned at `path` (or any `/proc/<pid>/ns/net`), then comes back, also when it
 * throws. Only this thread goes there, and only until `inside` returns.
 */
export function withNetworkNamespace<T>(path: string, inside: SynchronousWork<T>): T {
  return awayFromHome(() => {
    enter(path);
    return inside();
  });
}

/**
 * Unpins the namespace at `path` and removes the file. The kernel takes the namespace apart, with its interfaces, as
 * soon as no process and no socket is left in it. Idempotent; waits on a pool thread, never on this one.
 */
export async function releaseNetworkNamespace(path: string): Promise<void> {
  for (;;) {
    const { result, errno } = await libc.umount2.async(path, MNT_DETACH | UMOUNT_NOFOLLOW);
    if (result === 0) continue;
    const error = new KernelError('umount2', errno, path);
    if (!isErrno(error, 'EINVAL', 'ENOENT')) throw error;
    break;
  }
  rmSync(path, { force: true });
}

/** True when a namespace is pinned at `path`. */
export function isNamespacePinned(path: string): boolean {
  return existsSync(path) && statfsSync(path).type === NSFS_MAGIC;
}

function enter(path: string): void {
  const fd = openSync(path, 'r');
  try {
    check(libc.setns(fd, CLONE_NEWNET), 'setns', path);
  } finally {
    closeSync(fd);
  }
}

/** Runs `work`, which changes this thread's network namespace, and brings the thread back. */
function awayFromHome<T>(work: () => T): T {
  const home = openSync(own, 'r');
  try {
    return work();
  } finally {
    // A thread that is lost in a container's network would open the engine's sockets there: nothing may go on.
    if (libc.setns(home, CLONE_NEWNET) !== 0) process.abort();
    closeSync(home);
  }
}
