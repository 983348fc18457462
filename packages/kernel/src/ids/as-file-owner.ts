import { bind, check } from '../ffi/libc.ts';
import type { SynchronousWork } from '../namespaces/network-namespace.ts';
import type { Owner } from './id-maps.ts';

const setFsUid = bind('int setfsuid(uint32_t uid)');
const setFsGid = bind('int setfsgid(uint32_t gid)');
const prctl = bind('int prctl(int option, uint64_t value, uint64_t a, uint64_t b, uint64_t c)');

/** `linux/prctl.h`, `linux/securebits.h`. */
const getSecureBits = 27;
const setSecureBits = 28;
const keepCapabilities = 1 << 2;

/**
 * Runs `work` so that the files that it makes belong to `owner` from the first moment, with all of root's power (setfsuid(2)). On a
 * file system that a container mounted, nothing can be made that belongs to the host's root: EOVERFLOW. Of this thread, and
 * over when it returns, also when it throws.
 */
export function asFileOwner<T>({ uid, gid }: Owner, work: SynchronousWork<T>): T {
  const bits = check(prctl(getSecureBits, 0, 0, 0, 0), 'prctl', 'secure bits');
  check(prctl(setSecureBits, bits | keepCapabilities, 0, 0, 0), 'prctl', 'secure bits');
  const before = { gid: setFsGid(gid), uid: setFsUid(uid) };
  try {
    return work();
  } finally {
    setFsUid(before.uid);
    setFsGid(before.gid);
    prctl(setSecureBits, bits, 0, 0, 0);
  }
}
