import {
  asFileOwner,
  type Descriptor,
  type Directory,
  isErrno,
  keyBytes,
  modeBits,
  outsideIds,
  pathKey,
  pathText,
  removeTree,
  type SynchronousWork,
  statAt,
  type TreePath,
} from '@gantry/kernel';
import type { TarEntry, TarMember } from '@gantry/oci';
import { applyXattrs, type SkippedXattrs } from '@gantry/snapshots';
import { ArchiveRefusedError, ReadOnlyPathError } from '../errors.ts';
import { hostRoot } from '../state/host-root.ts';
import type { ContainerTree } from './container-tree.ts';
import { writeFile } from './write-file.ts';

export interface ExtractOptions {
  noOverwriteDirNonDir: boolean;
  /** Of everything that is unpacked; what the archive says when missing. */
  owner?: { uid: number; gid: number };
}

/** Where an entry is to be made. */
interface Place {
  at: TreePath;
  parent: Directory;
  name: Uint8Array;
  /** For messages. */
  shown: string;
}

const impliedMode = 0o755;

/**
 * Unpacks members of a tar into a directory of a container's tree, one after the other. Links that are there are followed
 * as the container would follow them; every file is made by descriptor, so that nothing lands outside of the container, or
 * in a mount that is read-only for it.
 */
export class ArchiveExtractor implements Disposable {
  readonly #tree: ContainerTree;
  readonly #destination: TreePath;
  readonly #options: ExtractOptions;
  readonly #directoryTimes = new Map<string, TarEntry>();
  /** What a file system does not hold is left out, as by Docker. */
  readonly #skipped: SkippedXattrs = { count: 0, first: undefined };
  #parent: { key: string; at: TreePath; directory: Directory } | undefined;

  /** `destination` is a directory, free of links. `tree` stays the caller's. */
  constructor(tree: ContainerTree, destination: TreePath, options: ExtractOptions) {
    this.#tree = tree;
    this.#destination = destination;
    this.#options = options;
  }

  /** Throws `ArchiveRefusedError`, `ReadOnlyPathError`, or the `KernelError` of the file that could not be made. */
  async extract({ entry: given, content }: TarMember): Promise<void> {
    const names = this.#namesInside(given.name);
    const last = names.at(-1);
    // The destination itself keeps what it has.
    if (last === undefined) return;
    const { at: parentAt, directory: parent } = this.#openParent(names.slice(0, -1));
    const at = [...parentAt, last];
    if (this.#tree.obstacle(at) !== undefined) throw new ReadOnlyPathError('mounted volume');
    const entry = this.#onHost(at, given);
    const place: Place = { at, parent, name: keyBytes(last), shown: `/${pathText(keyBytes(at.join('/')))}` };
    const merges = await this.#makeRoom(place, entry);
    if (entry.type === 'file') await this.#file(place, { entry, content });
    else if (entry.type === 'directory') this.#directory(place, entry, merges);
    else if (entry.type === 'hard-link') this.#hardLink(place, entry);
    else this.#special(place, entry);
  }

  /** After the last member: the times of directories. */
  finish(): void {
    for (const [key, entry] of this.#directoryTimes) {
      using directory = this.#tree.tree.openDirectory(key.split('/'));
      directory.setTimes('', entry.atimeNs ?? entry.mtimeNs, entry.mtimeNs);
    }
  }

  [Symbol.dispose](): void {
    this.#parent?.directory.close();
    this.#parent = undefined;
  }

  /** The parts of a name, `..` taken in. An absolute one starts at the destination. */
  #namesInside(name: Uint8Array): string[] {
    const names: string[] = [];
    for (const part of pathKey(name).split('/')) {
      if (part === '' || part === '.') continue;
      if (part !== '..') names.push(part);
      else if (names.pop() === undefined) {
        const destination = `/${pathText(keyBytes(this.#destination.join('/')))}`;
        throw new ArchiveRefusedError(
          `${JSON.stringify(pathText(name))} is outside of ${JSON.stringify(destination)}`,
          { entry: pathText(name) },
        );
      }
    }
    return names;
  }

  /** Lends the directory until the next call; missing ones are made, root's and 0755. */
  #openParent(names: readonly string[]): { at: TreePath; directory: Directory } {
    const key = names.join('/');
    if (this.#parent?.key === key) return this.#parent;
    this[Symbol.dispose]();
    const { tree } = this.#tree;
    const at = tree.resolve(keyBytes([...this.#destination, ...names].join('/')));
    for (let length = 1; length <= at.length; length += 1) this.#ensureDirectory(at.slice(0, length));
    this.#parent = { key, at, directory: tree.openDirectory(at) };
    return this.#parent;
  }

  #ensureDirectory(at: TreePath): void {
    const { tree } = this.#tree;
    try {
      tree.openDirectory(at).close();
      return;
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
    if (this.#tree.obstacle(at) !== undefined) throw new ReadOnlyPathError('mounted volume');
    using parent = tree.openDirectory(at.slice(0, -1));
    const name = keyBytes(at.at(-1) ?? '');
    this.#asRootAt(at, () => parent.mkdir(name, impliedMode));
    parent.chmod(name, impliedMode);
  }

  /** What is made belongs to the container's root, unless it is given away later. */
  #asRootAt<T>(at: TreePath, work: SynchronousWork<T>): T {
    const idMaps = this.#tree.idMapsAt(at);
    return idMaps === undefined ? work() : asFileOwner(hostRoot({ idMaps }), work);
  }

  /** An entry with the owners that it has on the host's side of the container's users. Throws `UnmappedIdError`. */
  #onHost(at: TreePath, given: TarEntry): TarEntry {
    const owned = { ...given, ...this.#options.owner };
    const idMaps = this.#tree.idMapsAt(at);
    if (idMaps === undefined) return owned;
    const ids = outsideIds(idMaps);
    const xattrs = new Map([...given.xattrs].map(([name, value]) => [name, ids.xattr(name, value)]));
    return { ...owned, ...ids.owner(owned), xattrs };
  }

  /** Removes what is in the way. True when a directory is there already that the entry is merged with. */
  async #makeRoom({ at, parent, name, shown }: Place, entry: TarEntry): Promise<boolean> {
    const kind = this.#kindOf(at);
    if (kind === undefined) return false;
    const [isDirectory, becomesDirectory] = [kind === 'directory', entry.type === 'directory'];
    if (isDirectory && becomesDirectory) return true;
    if (this.#options.noOverwriteDirNonDir && isDirectory !== becomesDirectory) {
      const [old, fresh] = isDirectory ? ['directory', 'non-directory'] : ['non-directory', 'directory'];
      throw new ArchiveRefusedError(
        `cannot overwrite ${old} ${JSON.stringify(shown)} with ${fresh} ${JSON.stringify(pathText(entry.name))}`,
        { entry: shown },
      );
    }
    if (this.#tree.tree.hasGraftWithin(at)) {
      throw new ArchiveRefusedError(`cannot replace ${shown}: something is mounted there`, { entry: shown });
    }
    await removeTree(parent, name);
    return false;
  }

  #kindOf(at: TreePath): ReturnType<typeof statAt>['kind'] | undefined {
    try {
      using place = this.#tree.tree.open(at);
      return statAt(place.fd, '').kind;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  async #file({ at, parent, name }: Place, { entry, content }: TarMember): Promise<void> {
    const asMaker = (work: () => Descriptor): Descriptor => this.#asRootAt(at, work);
    await writeFile({ directory: parent, name, asMaker }, { entry, content }, this.#skipped);
  }

  #directory({ at, parent, name }: Place, entry: TarEntry, merges: boolean): void {
    if (!merges) this.#asRootAt(at, () => parent.mkdir(name, 0o700));
    using directory = this.#tree.tree.openDirectory(at);
    directory.chown('', entry.uid, entry.gid);
    applyXattrs(`${directory.path}/.`, entry.xattrs, this.#skipped);
    directory.chmod('', entry.mode);
    this.#directoryTimes.set(at.join('/'), entry);
  }

  /** To what the archive brought, by its name there. */
  #hardLink({ parent, name, shown }: Place, entry: TarEntry): void {
    const { tree } = this.#tree;
    const target = [...this.#destination, ...this.#namesInside(entry.linkName)];
    using file = tree.open(tree.resolve(keyBytes(target.join('/')), { follow: false }));
    if (statAt(file.fd, '').kind === 'directory') {
      throw new ArchiveRefusedError(`${shown} is a hard link to a directory`, { entry: shown });
    }
    parent.link(file, name);
  }

  #special({ at, parent, name }: Place, entry: TarEntry): void {
    this.#asRootAt(at, () => {
      if (entry.type === 'symlink') return parent.symlink(entry.linkName, name);
      const device = { major: entry.deviceMajor, minor: entry.deviceMinor };
      return parent.mknod(name, deviceTypes[entry.type as keyof typeof deviceTypes] | 0o600, device);
    });
    parent.chown(name, entry.uid, entry.gid);
    applyXattrs(parent.entryPath(name), entry.xattrs, this.#skipped);
    if (entry.type !== 'symlink') parent.chmod(name, entry.mode);
    parent.setTimes(name, entry.atimeNs ?? entry.mtimeNs, entry.mtimeNs);
  }
}

const deviceTypes = {
  'character-device': modeBits.character,
  'block-device': modeBits.block,
  fifo: modeBits.fifo,
} as const;
