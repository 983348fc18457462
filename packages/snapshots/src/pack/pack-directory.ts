import { Directory, type FileStat, keyBytes, openFlags, pathKey, pathText } from '@gantry/kernel';
import { encodeTarHeader, type TarEntryInput, type TarEntryType, tarEnd } from '@gantry/oci';
import { UnpackableFileError } from '../errors.ts';
import { isOpaque, isWhiteout } from '../unpack/whiteout.ts';
import { type PackStep, packContent } from './pack-content.ts';
import { packedXattrs } from './packed-xattrs.ts';
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
  return runSteps(packTree(directory));
}

/** One packing: file → name of its first place. */
type Links = Map<bigint, Uint8Array>;

const tarTypes: Partial<Record<FileStat['kind'], TarEntryType>> = {
  file: 'file',
  directory: 'directory',
  symlink: 'symlink',
  character: 'character-device',
  block: 'block-device',
  fifo: 'fifo',
};

function* packTree(directory: string): Generator<PackStep, void, undefined> {
  using root = Directory.openPath(directory);
  const stat = root.stat();
  const entry: TarEntryInput = {
    ...attributesOf(stat),
    type: 'directory',
    name: Buffer.from('./'),
    xattrs: packedXattrs(`${root.path}/.`),
  };
  const isDefault = stat.uid === 0 && stat.gid === 0 && stat.mode === 0o755 && entry.xattrs?.size === 0;
  if (!isDefault) yield encodeTarHeader(entry);
  yield* packChildren(root, '', new Map());
  yield tarEnd;
}

function* packChildren(
  directory: Directory,
  prefix: string,
  links: Links,
): Generator<PackStep, void, undefined> {
  if (isOpaque(directory)) yield encodeTarHeader(whiteoutEntry(`${prefix}.wh..wh..opq`));
  for (const name of directory.names().sort((a, b) => a.compare(b))) {
    const key = `${prefix}${pathKey(name)}`;
    const stat = directory.stat(name);
    if (isWhiteout(stat)) {
      yield encodeTarHeader(whiteoutEntry(`${prefix}.wh.${pathKey(name)}`));
    } else if (pathKey(name).startsWith('.wh.')) {
      throw new UnpackableFileError(pathText(keyBytes(key)), 'in a layer, a name with .wh. means a removal');
    } else if (stat.kind === 'directory') {
      using child = directory.openDirectory(name, { flags: openFlags.path | openFlags.noFollow });
      const xattrs = packedXattrs(`${child.path}/.`);
      yield encodeTarHeader({ ...attributesOf(stat), type: 'directory', name: keyBytes(key), xattrs });
      yield* packChildren(child, `${key}/`, links);
    } else {
      yield* packFile({ directory, name, stat, path: keyBytes(key) }, links);
    }
  }
}

interface PackedFile {
  directory: Directory;
  name: Uint8Array;
  stat: FileStat;
  path: Uint8Array;
}

function* packFile(file: PackedFile, links: Links): Generator<PackStep, void, undefined> {
  const { directory, name, stat, path } = file;
  const type = tarTypes[stat.kind];
  if (type === undefined) return;
  const first = links.get(stat.inode);
  if (first !== undefined) {
    yield encodeTarHeader({ ...attributesOf(stat), type: 'hard-link', name: path, linkName: first });
    return;
  }
  if (stat.links > 1) links.set(stat.inode, path);
  const entry: TarEntryInput = {
    ...attributesOf(stat),
    type,
    name: path,
    xattrs: packedXattrs(directory.entryPath(name)),
    ...(type === 'symlink' ? { linkName: directory.readlink(name) } : {}),
    ...(type.endsWith('device') ? { deviceMajor: stat.target.major, deviceMinor: stat.target.minor } : {}),
  };
  if (type === 'file') yield* packContent(directory, name, { ...entry, sizeBytes: stat.sizeBytes });
  else yield encodeTarHeader(entry);
}

function attributesOf(stat: FileStat): Pick<TarEntryInput, 'mode' | 'uid' | 'gid' | 'mtimeNs'> {
  return { mode: stat.mode, uid: stat.uid, gid: stat.gid, mtimeNs: stat.modifiedNs };
}

function whiteoutEntry(key: string): TarEntryInput {
  return { type: 'file', name: keyBytes(key), mode: 0 };
}
