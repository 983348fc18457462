import { type FileKind, type FileStat, keyBytes, pathKey } from '@gantry/kernel';
import type { TarEntry, TarEntryType, TarSegment } from '@gantry/oci';
import { InvalidBuildError } from '../errors.ts';

/** Where the stored bytes of a file begin. */
export interface ArchivePlace {
  /** Open for reading as long as the index is used. */
  readonly fd: number;
  readonly offset: number;
}

/** A file of an archive; several names may lead to it. */
export interface ArchivedFile {
  stat: FileStat;
  readonly linkTarget: Uint8Array;
  xattrs: ReadonlyMap<string, Uint8Array>;
  readonly content: (ArchivePlace & { readonly segments: readonly TarSegment[] | undefined }) | undefined;
  /** Of a directory, by `pathKey`s. */
  readonly children: Map<string, ArchivedFile> | undefined;
}

const maxFiles = 2_000_000;
const maxLinks = 40;
/** Labels belong to the host's policy, overlayfs' own attributes to its layers: a layer has neither. */
const foreignXattr = /^(?:security\.selinux$|trusted\.overlay\.|user\.overlay\.)/;
const noDevice = { major: 0, minor: 0 };

const kinds: Readonly<Record<Exclude<TarEntryType, 'hard-link'>, FileKind>> = {
  file: 'file',
  symlink: 'symlink',
  'character-device': 'character',
  'block-device': 'block',
  directory: 'directory',
  fifo: 'fifo',
};

/**
 * What a layer's entries make, one after the other, as unpacking them would: a later entry takes an earlier one's place, and only a
 * directory is merged with one. Throws `InvalidBuildError` for what leads out, and for more files than a layer may have.
 */
export class ArchiveIndex {
  readonly root: ArchivedFile;
  #files = 0;
  #lastPath: string | undefined;
  #lastDirectory: Map<string, ArchivedFile>;

  constructor() {
    this.#lastDirectory = new Map();
    this.root = this.#newDirectory(0n, this.#lastDirectory);
  }

  /** `place` is that of the entry's content. */
  add(entry: TarEntry, place: ArchivePlace): void {
    const key = pathKey(entry.name).replace(/\/$/, '');
    const slash = key.lastIndexOf('/');
    const name = key.slice(slash + 1);
    const parent = this.#directory(key.slice(0, Math.max(slash, 0)), entry.mtimeNs);
    if (name.startsWith('.wh.')) {
      parent.delete(name.slice('.wh.'.length));
      this.#lastPath = undefined;
    } else if (entry.type === 'hard-link') this.#link(parent, name, entry);
    else this.#put(parent, name, this.#fileOf(entry, entry.type, place));
  }

  #put(parent: Map<string, ArchivedFile>, name: string, file: ArchivedFile): void {
    const existing = parent.get(name);
    if (existing?.children !== undefined && file.children !== undefined) {
      existing.stat = file.stat;
      existing.xattrs = file.xattrs;
      return;
    }
    if (existing !== undefined) this.#lastPath = undefined;
    parent.set(name, file);
  }

  #link(parent: Map<string, ArchivedFile>, name: string, entry: TarEntry): void {
    const key = pathKey(entry.linkName).replace(/\/$/, '');
    const slash = key.lastIndexOf('/');
    const target = this.#directory(key.slice(0, Math.max(slash, 0)), 0n).get(key.slice(slash + 1));
    if (target === undefined || target.children !== undefined)
      throw new InvalidBuildError(
        `${pathName(entry.name)} is a link to ${key}, which is no file of the context`,
      );
    if (parent.get(name) === target) return;
    target.stat.links += 1;
    this.#put(parent, name, target);
  }

  /** Missing ones are made, root's and 0755. Links are followed as far as they stay within the archive. */
  #directory(key: string, modifiedNs: bigint): Map<string, ArchivedFile> {
    if (key === this.#lastPath) return this.#lastDirectory;
    const above = [this.root];
    const pending = key.split('/').filter(isName);
    let links = 0;
    for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
      const here = above.at(-1)?.children;
      if (name === '..') above.pop();
      if (here === undefined || above.length === 0) throw leadsOut(key);
      if (name === '..') continue;
      let child = here.get(name);
      if (child === undefined) {
        child = this.#newDirectory(modifiedNs, new Map());
        here.set(name, child);
      }
      if (child.stat.kind === 'symlink') {
        const target = pathKey(child.linkTarget);
        if (target.startsWith('/') || ++links > maxLinks) throw leadsOut(key);
        pending.unshift(...target.split('/').filter(isName));
      } else above.push(child);
    }
    const directory = above.at(-1)?.children;
    if (directory === undefined) throw new InvalidBuildError(`in the context ${key} is no directory`);
    [this.#lastPath, this.#lastDirectory] = [key, directory];
    return directory;
  }

  #newDirectory(modifiedNs: bigint, children: Map<string, ArchivedFile>): ArchivedFile {
    const owned = {
      mode: 0o755,
      uid: 0,
      gid: 0,
      mtimeNs: modifiedNs,
      sizeBytes: 0,
      deviceMajor: 0,
      deviceMinor: 0,
    };
    const stat = this.#statOf(owned, 'directory');
    return { stat, linkTarget: Buffer.alloc(0), xattrs: new Map(), content: undefined, children };
  }

  #fileOf(entry: TarEntry, type: Exclude<TarEntryType, 'hard-link'>, place: ArchivePlace): ArchivedFile {
    return {
      stat: this.#statOf(entry, kinds[type]),
      // The parser's bytes are those of a larger buffer.
      linkTarget: Uint8Array.from(entry.linkName),
      xattrs: new Map([...entry.xattrs].filter(([name]) => !foreignXattr.test(name))),
      content: type === 'file' ? { ...place, segments: entry.segments } : undefined,
      children: type === 'directory' ? new Map() : undefined,
    };
  }

  #statOf(
    entry: Pick<TarEntry, 'mode' | 'uid' | 'gid' | 'mtimeNs' | 'sizeBytes' | 'deviceMajor' | 'deviceMinor'>,
    kind: FileKind,
  ): FileStat {
    this.#files += 1;
    if (this.#files > maxFiles) throw new InvalidBuildError(`a context has at most ${maxFiles} files`);
    return {
      kind,
      mode: kind === 'symlink' ? 0o777 : entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      links: 1,
      sizeBytes: entry.sizeBytes,
      allocatedBytes: entry.sizeBytes,
      inode: BigInt(this.#files),
      device: noDevice,
      target:
        entry.deviceMajor === 0 && entry.deviceMinor === 0
          ? noDevice
          : { major: entry.deviceMajor, minor: entry.deviceMinor },
      accessedNs: entry.mtimeNs,
      modifiedNs: entry.mtimeNs,
      changedNs: entry.mtimeNs,
      mountId: 0n,
      isMountRoot: false,
    };
  }
}

function isName(name: string): boolean {
  return name !== '' && name !== '.';
}

function pathName(name: Uint8Array): string {
  return Buffer.from(keyBytes(pathKey(name))).toString();
}

function leadsOut(key: string): InvalidBuildError {
  return new InvalidBuildError(`the path ${key} leads out of the context through a symbolic link`);
}
