import {
  type Descriptor,
  type Directory,
  type FileStat,
  openFlags,
  pathText,
  readlinkAt,
  statAt,
} from '@gantry/kernel';
import { UnpackableFileError } from '../errors.ts';
import { FileContent, type PackedContent } from './packed-content.ts';
import { packedXattrs } from './packed-xattrs.ts';

/** One file to pack, wherever it is looked up. */
export interface PackedFile {
  stat: FileStat;
  /** Opens a regular file for reading. Throws ENOENT when it vanished, `UnpackableFileError` when it is something else now. */
  open(): PackedContent;
  xattrs(): ReadonlyMap<string, Uint8Array>;
  /** Target of a symbolic link. */
  linkTarget(): Uint8Array;
}

/** An entry of a directory. */
export function fileInDirectory(directory: Directory, name: Uint8Array, stat: FileStat): PackedFile {
  return {
    stat,
    open: () => {
      using place = directory.open(name, { flags: openFlags.path | openFlags.noFollow });
      return new FileContent(openRegular(place, pathText(name)));
    },
    xattrs: () => packedXattrs(directory.entryPath(name)),
    linkTarget: () => directory.readlink(name),
  };
}

/** A file that is open already, as `O_PATH`: a link itself. Its extended attributes are known where it can be opened. */
export function fileByDescriptor(place: Descriptor): PackedFile {
  const stat = statAt(place.fd, '');
  return {
    stat,
    open: () => new FileContent(openRegular(place, place.path)),
    xattrs: () => {
      if (stat.kind === 'directory') return packedXattrs(`${place.path}/.`);
      if (stat.kind !== 'file') return new Map();
      using file = openRegular(place, place.path);
      return packedXattrs(file);
    },
    linkTarget: () => readlinkAt(place.fd, ''),
  };
}

/** A device that a container puts in the file's place meanwhile is never opened: it might be the host's disk. */
function openRegular(place: Descriptor, name: string): Descriptor {
  if (statAt(place.fd, '').kind !== 'file') {
    throw new UnpackableFileError(name, 'it is replaced while it is packed');
  }
  return place.reopen(openFlags.readOnly);
}
