import {
  changeMode,
  changeOwner,
  changeTimes,
  Descriptor,
  type Directory,
  isErrno,
  keyBytes,
  modeBits,
  openAt,
  openFlags,
  pathText,
  removeTreeSync,
  seekTo,
  statAt,
  truncateFile,
  writeAll,
} from '@gantry/kernel';
import { type Digest, type TarEntry, type TarHandler, tarStoredBytes } from '@gantry/oci';
import { LayerTooLargeError, UnsafeLayerError } from '../errors.ts';
import { applyXattrs, type SkippedXattrs } from './apply-xattrs.ts';
import { type EntryPath, entryMeaning, entryPath } from './entry-path.ts';
import { insideLayer, ParentDirectories } from './parent-directories.ts';
import { isWhiteout, makeOpaque, makeWhiteout } from './whiteout.ts';

export interface LayerWriterOptions {
  /** Names the layer in errors. */
  digest: string;
  maxEntries: number;
}

/** A layer that was written, by the digest of its uncompressed tar. */
export interface WrittenLayer extends WrittenEntries {
  diffId: Digest;
}

export interface WrittenEntries {
  /** Content of files, as stored: holes do not count. */
  sizeBytes: number;
  entries: number;
  /** The tar has an entry for the root itself: its owner and mode are meant. */
  hasRoot: boolean;
  /** Attributes that the file system cannot hold. */
  skippedXattrs: SkippedXattrs;
}

interface OpenFile {
  file: Descriptor;
  entry: TarEntry;
  /** Where the file's position is. */
  offset: number;
}

/**
 * Writes a layer tar into an empty directory, in overlayfs' terms. Every path is resolved by descriptor beneath the
 * directory; an entry replaces what an earlier entry made, and only a directory is merged with one. Throws
 * `UnsafeLayerError`, `LayerTooLargeError`, or the `KernelError` of the entry that `currentName` tells.
 */
export class LayerWriter implements TarHandler, Disposable {
  readonly #root: Directory;
  readonly #options: LayerWriterOptions;
  readonly #parents: ParentDirectories;
  /** Times of directories, set when nothing more is written into them; keyed by path. */
  readonly #directoryTimes = new Map<string, Pick<TarEntry, 'atimeNs' | 'mtimeNs'>>();
  readonly #written: WrittenEntries = {
    sizeBytes: 0,
    entries: 0,
    hasRoot: false,
    skippedXattrs: { count: 0, first: undefined },
  };
  #open: OpenFile | undefined;
  #currentName: Uint8Array = new Uint8Array(0);

  /** `root` stays the caller's. */
  constructor(root: Directory, options: LayerWriterOptions) {
    this.#root = root;
    this.#options = options;
    this.#parents = new ParentDirectories(root);
  }

  /** The entry being written, for error messages. */
  get currentName(): string {
    return pathText(this.#currentName);
  }

  entry(entry: TarEntry): void {
    this.#currentName = entry.name;
    if (++this.#written.entries > this.#options.maxEntries) {
      const reason = `more than ${this.#options.maxEntries} entries`;
      throw new LayerTooLargeError({ digest: this.#options.digest, reason });
    }
    const path = entryPath(entry.name);
    if (path === undefined) throw this.#unsafe('the name leads out of the layer');
    const meaning = entryMeaning(path);
    if (meaning.kind === 'opaque') makeOpaque(this.#parents.open(path.slice(0, -1)));
    else if (meaning.kind === 'whiteout') this.#whiteout(path.slice(0, -1), meaning.name);
    else if (meaning.kind === 'plain') this.#plain(path, entry);
  }

  data(chunk: Uint8Array, offset: number): void {
    const open = this.#open;
    if (open === undefined) return;
    if (open.offset !== offset) seekTo(open.file, offset);
    writeAll(open.file, chunk);
    open.offset = offset + chunk.length;
  }

  end(): void {
    const open = this.#open;
    if (open === undefined) return;
    const { file, entry } = open;
    if (entry.sizeBytes > open.offset) truncateFile(file, entry.sizeBytes);
    changeOwner(file, entry.uid, entry.gid);
    applyXattrs(file, entry.xattrs, this.#written.skippedXattrs);
    changeMode(file, entry.mode);
    changeTimes(file, entry.atimeNs ?? entry.mtimeNs, entry.mtimeNs);
    this.#closeFile();
  }

  /** After the last entry. */
  finish(): WrittenEntries {
    this.#parents.forget();
    for (const [key, { atimeNs, mtimeNs }] of this.#directoryTimes) {
      using directory = this.#tryOpenDirectory(key);
      directory?.setTimes('', atimeNs ?? mtimeNs, mtimeNs);
    }
    return this.#written;
  }

  [Symbol.dispose](): void {
    this.#closeFile();
    this.#parents[Symbol.dispose]();
  }

  #plain(path: EntryPath, entry: TarEntry): void {
    if (path.length === 0) {
      if (entry.type !== 'directory') throw this.#unsafe('it would replace the root of the layer');
      this.#written.hasRoot = true;
      this.#directoryAttributes(path, this.#root, entry);
      return;
    }
    const parent = this.#parents.open(path.slice(0, -1));
    const name = keyBytes(path.at(-1) ?? '');
    if (entry.type === 'directory') {
      this.#directory({ parent, name, path }, entry);
    } else if (entry.type === 'file') {
      this.#startFile(parent, name, entry);
    } else if (entry.type === 'hard-link') {
      this.#hardLink(parent, name, entry);
    } else {
      replacing(parent, name, () => makeSpecial(parent, name, entry));
      parent.chown(name, entry.uid, entry.gid);
      applyXattrs(parent.entryPath(name), entry.xattrs, this.#written.skippedXattrs);
      if (entry.type !== 'symlink') parent.chmod(name, entry.mode);
      parent.setTimes(name, entry.atimeNs ?? entry.mtimeNs, entry.mtimeNs);
    }
  }

  #startFile(parent: Directory, name: Uint8Array, entry: TarEntry): void {
    const flags = openFlags.writeOnly | openFlags.create | openFlags.exclusive | openFlags.noFollow;
    const file = replacing(parent, name, () => parent.open(name, { flags, mode: 0o600 }));
    this.#open = { file, entry, offset: 0 };
    this.#written.sizeBytes += tarStoredBytes(entry);
  }

  #hardLink(parent: Directory, name: Uint8Array, entry: TarEntry): void {
    const target = entryPath(entry.linkName);
    if (target === undefined || target.length === 0) {
      throw this.#unsafe(`it links to ${JSON.stringify(pathText(entry.linkName))}, outside the layer`);
    }
    using file = this.#openLinkTarget(entry, target);
    if (statAt(file.fd, '').kind === 'directory') throw this.#unsafe('it is a hard link to a directory');
    // A link to itself must not be removed to make room for itself.
    if (tryMake(() => parent.link(file, name)) || isSameFile(file, parent, name)) return;
    removeTreeSync(parent, name);
    parent.link(file, name);
  }

  #openLinkTarget(entry: TarEntry, target: EntryPath): Descriptor {
    try {
      const flags = openFlags.path | openFlags.noFollow;
      const path = keyBytes(target.join('/'));
      return new Descriptor(openAt(this.#root.fd, path, { flags, resolve: insideLayer }));
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
      const linkText = JSON.stringify(pathText(entry.linkName));
      throw this.#unsafe(`it links to ${linkText}, which is not in the layer`);
    }
  }

  #directory(place: { parent: Directory; name: Uint8Array; path: EntryPath }, entry: TarEntry): void {
    const { parent, name, path } = place;
    const hidesLower = !tryMake(() => parent.mkdir(name, 0o700)) && replaceByDirectory(parent, name);
    const directory = parent.openDirectory(name, { flags: openFlags.path | openFlags.noFollow });
    this.#parents.adopt(path, directory);
    if (hidesLower) makeOpaque(directory);
    this.#directoryAttributes(path, directory, entry);
  }

  #directoryAttributes(path: EntryPath, directory: Directory, entry: TarEntry): void {
    directory.chown('', entry.uid, entry.gid);
    applyXattrs(`${directory.path}/.`, entry.xattrs, this.#written.skippedXattrs);
    directory.chmod('', entry.mode);
    this.#directoryTimes.set(path.join('/'), { atimeNs: entry.atimeNs, mtimeNs: entry.mtimeNs });
  }

  /** By the specification a whiteout hides what lower layers have, never what its own layer brings. */
  #whiteout(parentPath: EntryPath, key: string): void {
    if (key === '' || key === '.' || key === '..') throw this.#unsafe('a whiteout of no name');
    const parent = this.#parents.open(parentPath);
    const name = keyBytes(key);
    if (tryMake(() => makeWhiteout(parent, name)) || parent.stat(name).kind !== 'directory') return;
    using directory = parent.openDirectory(name, { flags: openFlags.path | openFlags.noFollow });
    makeOpaque(directory);
  }

  #tryOpenDirectory(key: string): Directory | undefined {
    try {
      const flags = openFlags.path | openFlags.noFollow;
      return this.#root.openDirectory(key === '' ? '.' : keyBytes(key), { flags, resolve: insideLayer });
    } catch (error) {
      // A later entry replaced it.
      if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV')) return undefined;
      throw error;
    }
  }

  #closeFile(): void {
    this.#open?.file.close();
    this.#open = undefined;
  }

  #unsafe(reason: string): UnsafeLayerError {
    return new UnsafeLayerError({ digest: this.#options.digest, entry: this.currentName, reason });
  }
}

/** Makes an entry; what has its name already is removed first, a whole directory too. */
function replacing<T>(parent: Directory, name: Uint8Array, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
  removeTreeSync(parent, name);
  return make();
}

/** False when the name is taken. */
function tryMake(make: () => void): boolean {
  try {
    make();
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

/** The name leads to the open file. */
function isSameFile(file: Descriptor, parent: Directory, name: Uint8Array): boolean {
  return parent.stat(name).inode === statAt(file.fd, '').inode;
}

/** A directory that is there stays. True when the new one takes the place of a whiteout. */
function replaceByDirectory(parent: Directory, name: Uint8Array): boolean {
  const existing = parent.stat(name);
  if (existing.kind === 'directory') return false;
  parent.unlink(name);
  parent.mkdir(name, 0o700);
  return isWhiteout(existing);
}

const deviceTypes = {
  'character-device': modeBits.character,
  'block-device': modeBits.block,
  fifo: modeBits.fifo,
} as const;

function makeSpecial(parent: Directory, name: Uint8Array, entry: TarEntry): void {
  if (entry.type === 'symlink') {
    parent.symlink(entry.linkName, name);
  } else {
    const type = deviceTypes[entry.type as keyof typeof deviceTypes];
    parent.mknod(name, type | 0o600, { major: entry.deviceMajor, minor: entry.deviceMinor });
  }
}
