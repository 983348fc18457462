import { getXattr, listXattrs, type XattrTarget } from '@gantry/kernel';
import { isOverlayXattr } from '../unpack/whiteout.ts';

/** SELinux labels belong to the host's policy, and every file of such a host has one. */
const hostLabel = 'security.selinux';

/** The attributes of a file that belong into a layer. */
export function packedXattrs(target: XattrTarget): ReadonlyMap<string, Uint8Array> {
  const xattrs = new Map<string, Uint8Array>();
  for (const name of listXattrs(target)) {
    if (name === hostLabel || isOverlayXattr(name)) continue;
    const value = getXattr(target, name);
    if (value !== undefined) xattrs.set(name, value);
  }
  return xattrs;
}
