import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type EngineError, errorMessage } from '@gantry/base';
import { Directory, fileSystemOf, isErrno, mountOverlay, umount } from '@gantry/kernel';
import { UnsuitableDataRootError } from '../errors.ts';
import { makeOpaque, makeWhiteout } from '../unpack/whiteout.ts';

/**
 * Tries what overlay snapshots need on this very file system: whiteouts, `trusted.` attributes, and a mount with its upper
 * directory here. Throws `UnsuitableDataRootError` with what to do. Leaves nothing.
 */
export async function checkDataRoot(root: string): Promise<void> {
  const probe = path.join(root, 'overlay-probe');
  await removeProbe(probe);
  const place = (name: string): string => path.join(probe, name);
  for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(place(name), { recursive: true });
  try {
    using upper = Directory.openPath(place('upper'));
    makeOpaque(upper);
    makeWhiteout(upper, Buffer.from('whiteout'));
    const target = place('merged');
    // Volatile: unmounting anything else writes back the whole file system.
    mountOverlay({
      lowers: [place('lower')],
      upper: place('upper'),
      work: place('work'),
      target,
      volatile: true,
    });
  } catch (error) {
    throw unsuitable(root, error);
  } finally {
    await removeProbe(probe);
  }
}

/** One of an earlier start, too, if that was killed in the middle. */
async function removeProbe(probe: string): Promise<void> {
  await umount(path.join(probe, 'merged'), { detach: true });
  rmSync(probe, { recursive: true, force: true });
}

function unsuitable(root: string, error: unknown): EngineError {
  const otherDriver = "or choose the storage driver 'copy', which needs more space and time";
  if (isErrno(error, 'ENODEV')) {
    return new UnsuitableDataRootError(
      root,
      `the kernel has no overlay file system: load it (modprobe overlay), ${otherDriver}`,
      error,
    );
  }
  const { type } = fileSystemOf(root);
  const reason = `overlay snapshots do not work on its file system, ${type} (${errorMessage(error)})`;
  // An overlay takes no overlay as its upper directory (Documentation/filesystems/overlayfs.rst).
  const remedy =
    type === 'overlay'
      ? 'inside a container put the data root on a volume (-v data:/var/lib/gantry)'
      : 'choose another data root (--data-root), on ext4, xfs, btrfs or tmpfs';
  return new UnsuitableDataRootError(root, `${reason}: ${remedy}, ${otherDriver}`, error);
}
