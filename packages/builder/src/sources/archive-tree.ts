import { constants } from 'node:os';
import { type FileStat, KernelError, keyBytes, pathKey, pathText, type TreePath } from '@gantry/kernel';
import { tarEnd } from '@gantry/oci';
import {
  directoryHeader,
  type FileAdjustment,
  type PackedFile,
  type Packing,
  type PackStep,
  packFile,
  runSteps,
} from '@gantry/snapshots';
import type { ArchivedFile } from './archive-index.ts';
import { ArchivedContent } from './archived-content.ts';
import type { PackSourceOptions, SourceTree } from './source-tree.ts';

/** As many links as the kernel follows (path_resolution(7)). */
const maxLinks = 40;
const readBytes = 1024 * 1024;

/** The files of archives, read from them where they lie. */
export class ArchiveTree implements SourceTree {
  readonly #root: ArchivedFile;

  constructor(root: ArchivedFile) {
    this.#root = root;
  }

  resolve(path: string | Uint8Array): TreePath {
    const pending = splitPath(pathKey(path));
    let resolved: string[] = [];
    let links = 0;
    for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
      if (name === '..') {
        resolved.pop();
        continue;
      }
      resolved.push(name);
      const file = this.#find(resolved);
      if (file?.stat.kind !== 'symlink') continue;
      if (++links > maxLinks) throw new KernelError('open', constants.errno.ELOOP, pathText(path));
      const target = pathKey(file.linkTarget);
      if (target.startsWith('/')) resolved = [];
      else resolved.pop();
      pending.unshift(...splitPath(target));
    }
    return resolved;
  }

  stat(at: TreePath): FileStat | undefined {
    return this.#find(at)?.stat;
  }

  names(at: TreePath): readonly string[] {
    return namesOf(this.#find(at));
  }

  linkTarget(at: TreePath): Uint8Array {
    return this.#get(at).linkTarget;
  }

  async *read(at: TreePath): AsyncGenerator<Uint8Array, void, void> {
    const file = this.#get(at);
    using content = new ArchivedContent(file);
    for (let offset = 0; offset < file.stat.sizeBytes; offset += readBytes)
      yield await content.read(offset, Math.min(readBytes, file.stat.sizeBytes - offset));
  }

  pack(options: PackSourceOptions): AsyncIterable<Uint8Array> {
    return runSteps(this.#packPlace(options));
  }

  *#packPlace({ at, name, adjust, open }: PackSourceOptions): Generator<PackStep, void, undefined> {
    const packing: Packing = { links: new Map(), live: false };
    const key = name === undefined ? undefined : pathKey(name);
    yield* packArchived({ packing, adjust }, this.#get(at), { at, name: key });
    if (open !== true) yield tarEnd;
  }

  #find(at: TreePath): ArchivedFile | undefined {
    let file: ArchivedFile | undefined = this.#root;
    for (const name of at) file = file?.children?.get(name);
    return file;
  }

  #get(at: TreePath): ArchivedFile {
    const file = this.#find(at);
    if (file === undefined) throw new KernelError('open', constants.errno.ENOENT, at.join('/'));
    return file;
  }
}

interface ArchivePacking {
  readonly packing: Packing;
  readonly adjust: PackSourceOptions['adjust'];
}

/** `name` is that in the archive that is made: `/` for its root. */
function* packArchived(
  how: ArchivePacking,
  file: ArchivedFile,
  { at, name }: { at: TreePath; name: string | undefined },
): Generator<PackStep, void, undefined> {
  const wanted = how.adjust?.(at, file.stat) ?? {};
  if (wanted === 'omit') return;
  const packed = packedFile(file, wanted === 'enter' ? {} : wanted);
  if (file.children === undefined) {
    if (wanted !== 'enter') yield* packFile(how.packing, keyBytes(name ?? ''), packed);
    return;
  }
  if (name !== undefined && wanted !== 'enter') yield directoryHeader(how.packing, keyBytes(name), packed);
  const prefix = name === undefined ? '' : name === '/' ? '/' : `${name}/`;
  for (const key of namesOf(file)) {
    const child = file.children.get(key);
    if (child !== undefined) yield* packArchived(how, child, { at: [...at, key], name: `${prefix}${key}` });
  }
}

function packedFile(file: ArchivedFile, adjustment: FileAdjustment): PackedFile {
  return {
    stat: { ...file.stat, ...adjustment },
    open: () => new ArchivedContent(file),
    xattrs: () => file.xattrs,
    linkTarget: () => file.linkTarget,
  };
}

function namesOf(file: ArchivedFile | undefined): string[] {
  return [...(file?.children?.keys() ?? [])].sort();
}

function splitPath(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
