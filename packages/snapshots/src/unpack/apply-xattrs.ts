import { isErrno, setXattr, type XattrTarget } from '@gantry/kernel';
import { isOverlayXattr } from './whiteout.ts';

/** What a file system refused, for one line in the log. */
export interface SkippedXattrs {
  count: number;
  first: string | undefined;
}

/**
 * Sets an entry's attributes. Overlayfs' own marks are dropped: they describe a mount of the host that made the tar, and
 * would redirect or hide files here. What this file system cannot hold (EOPNOTSUPP; EPERM for `user.` on links and
 * devices, xattr(7)) is counted, as Docker leaves it out too. After chown, which clears capabilities.
 */
export function applyXattrs(
  target: XattrTarget,
  xattrs: ReadonlyMap<string, Uint8Array>,
  skipped: SkippedXattrs,
): void {
  for (const [name, value] of xattrs) {
    if (isOverlayXattr(name)) continue;
    try {
      setXattr(target, name, value);
    } catch (error) {
      const isUnsupported =
        isErrno(error, 'EOPNOTSUPP') || (name.startsWith('user.') && isErrno(error, 'EPERM'));
      if (!isUnsupported) throw error;
      skipped.count += 1;
      skipped.first ??= name;
    }
  }
}
