import { type FileStat, type IdTranslation, keyBytes, pathKey, unlessGone } from '@gantry/kernel';
import { encodeTarHeader, type TarEntryInput, type TarEntryType } from '@gantry/oci';
import { type HolePolicy, type PackStep, packContent, type ShrinkPolicy } from './pack-content.ts';
import { type PackedFile } from './packed-file.ts';

/** What one archive has seen so far. */
export interface Packing {
  /** Files with several names: `device:inode` → name of the first in the archive. */
  links: Map<string, Uint8Array>;
  /** The tree is in use: what vanishes meanwhile is left out, and what shrinks is filled up with zeros. */
  live: boolean;
  /** `left-out` when missing. */
  holes?: HolePolicy | undefined;
  /** What the owners of the files are in the archive; the same when missing. */
  ids?: IdTranslation | undefined;
}

const tarTypes: Partial<Record<FileStat['kind'], TarEntryType>> = {
  file: 'file',
  directory: 'directory',
  symlink: 'symlink',
  character: 'character-device',
  block: 'block-device',
  fifo: 'fifo',
};

/** A directory's own entry. */
export function directoryHeader({ ids }: Packing, name: Uint8Array, file: PackedFile): Uint8Array {
  return encodeTarHeader({
    ...attributesOf(file.stat, ids),
    type: 'directory',
    name,
    xattrs: xattrsOf(file, ids),
  });
}

/** Anything but a directory; sockets are left out, as by Docker. */
export function* packFile(
  packing: Packing,
  name: Uint8Array,
  file: PackedFile,
): Generator<PackStep, void, undefined> {
  const { stat } = file;
  const type = tarTypes[stat.kind];
  if (type === undefined) return;
  const inode = `${stat.device.major}:${stat.device.minor}:${stat.inode}`;
  const first = packing.links.get(inode);
  if (first !== undefined) {
    yield encodeTarHeader({ ...attributesOf(stat, packing.ids), type: 'hard-link', name, linkName: first });
    return;
  }
  if (type === 'file' && stat.sizeBytes > 0) {
    using content = packing.live ? unlessGone(() => file.open()) : file.open();
    if (content === undefined) return;
    const entry = { ...entryOf(packing, type, name, file), sizeBytes: stat.sizeBytes };
    if (stat.links > 1) packing.links.set(inode, name);
    const shrinks: ShrinkPolicy = packing.live ? 'fill' : 'fail';
    yield* packContent(content, entry, { shrinks, holes: packing.holes ?? 'left-out' });
    return;
  }
  const entry = packing.live
    ? unlessGone(() => entryOf(packing, type, name, file))
    : entryOf(packing, type, name, file);
  if (entry === undefined) return;
  if (stat.links > 1) packing.links.set(inode, name);
  yield encodeTarHeader(entry);
}

/** In a layer, the removal of `name` from the directory whose archive name is `prefix`. */
export function whiteoutHeader(prefix: string, name: Uint8Array): Uint8Array {
  return encodeTarHeader({ type: 'file', name: keyBytes(`${prefix}.wh.${pathKey(name)}`), mode: 0 });
}

/** In a layer, the mark of a directory that hides what lower layers have in it. */
export function opaqueHeader(prefix: string): Uint8Array {
  return encodeTarHeader({ type: 'file', name: keyBytes(`${prefix}.wh..wh..opq`), mode: 0 });
}

function entryOf({ ids }: Packing, type: TarEntryType, name: Uint8Array, file: PackedFile): TarEntryInput {
  const { stat } = file;
  return {
    ...attributesOf(stat, ids),
    type,
    name,
    xattrs: xattrsOf(file, ids),
    ...(type === 'symlink' ? { linkName: file.linkTarget() } : {}),
    ...(type.endsWith('device') ? { deviceMajor: stat.target.major, deviceMinor: stat.target.minor } : {}),
  };
}

function attributesOf(
  stat: FileStat,
  ids: IdTranslation | undefined,
): Pick<TarEntryInput, 'mode' | 'uid' | 'gid' | 'mtimeNs'> {
  const { uid, gid } = ids?.owner(stat) ?? stat;
  return { mode: stat.mode, uid, gid, mtimeNs: stat.modifiedNs };
}

function xattrsOf(file: PackedFile, ids: IdTranslation | undefined): ReadonlyMap<string, Uint8Array> {
  const xattrs = file.xattrs();
  if (ids === undefined) return xattrs;
  return new Map([...xattrs].map(([name, value]) => [name, ids.xattr(name, value)]));
}
