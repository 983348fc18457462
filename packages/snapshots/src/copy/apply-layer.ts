import {
  type CopyTreeEntry,
  copyTree,
  Directory,
  type IdTranslation,
  isErrno,
  openFlags,
  removeTreeSync,
} from '@gantry/kernel';
import { isOpaque, isWhiteout } from '../unpack/whiteout.ts';

/** Copies an unpacked layer over `target`, doing what overlayfs would show: whiteouts remove, opaque directories replace. */
export async function applyLayer(layerPath: string, target: Directory, ids?: IdTranslation): Promise<void> {
  using layer = Directory.openPath(layerPath);
  await copyTree(layer, target, { keepRoot: true, decide, ...(ids && { ids }) });
}

function decide({ from, to, name, stat }: CopyTreeEntry): 'copy' | 'merge' | 'skip' {
  if (isWhiteout(stat)) {
    removeTreeSync(to, name);
    return 'skip';
  }
  if (stat.kind === 'directory' && isDirectory(to, name) && !isOpaqueEntry(from, name)) return 'merge';
  removeTreeSync(to, name);
  return 'copy';
}

function isDirectory(parent: Directory, name: Uint8Array): boolean {
  try {
    return parent.stat(name).kind === 'directory';
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

function isOpaqueEntry(parent: Directory, name: Uint8Array): boolean {
  using directory = parent.openDirectory(name, { flags: openFlags.path | openFlags.noFollow });
  return isOpaque(directory);
}
