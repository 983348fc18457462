import type { FileStat } from '@gantry/kernel';

/**
 * Docker's notion of an unchanged file: kind, owner, mode and device, and of anything but a directory the size and the
 * time of the last change of its content.
 */
export function isSameFile(left: FileStat, right: FileStat): boolean {
  const isAlike =
    left.kind === right.kind &&
    left.mode === right.mode &&
    left.uid === right.uid &&
    left.gid === right.gid &&
    left.target.major === right.target.major &&
    left.target.minor === right.target.minor;
  if (!isAlike || left.kind === 'directory') return isAlike;
  return left.sizeBytes === right.sizeBytes && left.modifiedNs === right.modifiedNs;
}
