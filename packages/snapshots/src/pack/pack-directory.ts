import { Directory, keyBytes, openFlags, pathKey, pathText } from '@gantry/kernel';
import { tarEnd } from '@gantry/oci';
import { UnpackableFileError } from '../errors.ts';
import { isOpaque, isWhiteout } from '../unpack/whiteout.ts';
import type { PackStep } from './pack-content.ts';
import { directoryHeader, opaqueHeader, type Packing, packFile, whiteoutHeader } from './pack-entry.ts';
import { fileByDescriptor, fileInDirectory } from './packed-file.ts';
import { runSteps } from './run-steps.ts';

/**
 * Packs what is below `directory` as an uncompressed layer. Canonical: names in the order of their bytes, times to the
 * nanosecond, extended attributes, hard links to the first name of a file, and holes that are read off the content, so that
 * one tree gives the same bytes whenever and from whatever file system it is packed. The root itself is written when it is
 * not root's, 0755 and without attributes. Overlayfs' whiteouts and opaque directories become the image format's. Sockets
 * are left out, as by Docker. Throws `UnpackableFileError` for a name that means a whiteout, and for a file that shrinks
 * meanwhile.
 */
export function packDirectory(directory: string): AsyncIterable<Uint8Array> {
  return runSteps(packLayer(directory));
}

function* packLayer(directory: string): Generator<PackStep, void, undefined> {
  using root = Directory.openPath(directory);
  const file = fileByDescriptor(root);
  const { uid, gid, mode } = file.stat;
  const isDefault = uid === 0 && gid === 0 && mode === 0o755 && file.xattrs().size === 0;
  const packing: Packing = { links: new Map(), live: false };
  if (!isDefault) yield directoryHeader(packing, Buffer.from('./'), file);
  yield* packChildren(packing, root, '');
  yield tarEnd;
}

function* packChildren(
  packing: Packing,
  directory: Directory,
  prefix: string,
): Generator<PackStep, void, undefined> {
  if (isOpaque(directory)) yield opaqueHeader(prefix);
  for (const name of directory.names().sort((a, b) => a.compare(b))) {
    const stat = directory.stat(name);
    const path = keyBytes(`${prefix}${pathKey(name)}`);
    if (isWhiteout(stat)) {
      yield whiteoutHeader(prefix, name);
      continue;
    }
    refuseWhiteoutName(name, path);
    if (stat.kind === 'directory') {
      using child = directory.openDirectory(name, { flags: openFlags.path | openFlags.noFollow });
      yield directoryHeader(packing, path, fileByDescriptor(child));
      yield* packChildren(packing, child, `${prefix}${pathKey(name)}/`);
    } else {
      yield* packFile(packing, path, fileInDirectory(directory, name, stat));
    }
  }
}

/** Throws `UnpackableFileError` for a file whose name would be read as a removal. */
export function refuseWhiteoutName(name: Uint8Array, path: Uint8Array): void {
  if (!pathKey(name).startsWith('.wh.')) return;
  throw new UnpackableFileError(pathText(path), 'in a layer, a name with .wh. means a removal');
}
