import { type Directory, type FileStat, getXattr, modeBits, setXattr } from '@gantry/kernel';

/** Overlayfs' own form of whiteouts and opaque directories (Documentation/filesystems/overlayfs.rst). */
const opaqueXattr = 'trusted.overlay.opaque';
const opaqueValue: Uint8Array = Buffer.from('y');

/** Marks that overlayfs keeps in extended attributes; they never come from, or go into, a layer tar. */
export function isOverlayXattr(name: string): boolean {
  return name.startsWith('trusted.overlay.') || name.startsWith('user.overlay.');
}

export function isWhiteout(stat: FileStat): boolean {
  return stat.kind === 'character' && stat.target.major === 0 && stat.target.minor === 0;
}

/** The name must be free. */
export function makeWhiteout(parent: Directory, name: Uint8Array): void {
  parent.mknod(name, modeBits.character);
}

export function isOpaque(directory: Directory): boolean {
  const value = getXattr(`${directory.path}/.`, opaqueXattr);
  return value !== undefined && Buffer.from(value).equals(opaqueValue);
}

export function makeOpaque(directory: Directory): void {
  setXattr(`${directory.path}/.`, opaqueXattr, opaqueValue);
}
