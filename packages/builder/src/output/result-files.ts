import { readSync } from 'node:fs';
import { posix } from 'node:path';
import { PathPatterns } from '@gantry/dockerfile';
import { type Descriptor, type FileStat, isErrno, openFlags, pathText, statAt } from '@gantry/kernel';
import type { FileEntry } from '../build-client.ts';
import { InvalidBuildError } from '../errors.ts';
import type { LayeredTree } from '../steps/layered-tree.ts';

/** What of a file is read. */
export interface ReadRange {
  readonly offset: number;
  /** To its end when 0. */
  readonly lengthBytes: number;
}

/** Of a file that is read at once. */
const maxReadBytes = 8 * 1024 ** 2;

/** The files of something that was built, mounted for the moment. Links are followed within it. Disposing unmounts. */
export class ResultFiles implements AsyncDisposable {
  readonly #tree: LayeredTree;

  constructor(tree: LayeredTree) {
    this.#tree = tree;
  }

  /** Throws `InvalidBuildError` for what is not there, is no file, or is more than 8 MiB. */
  read(path: string, { offset, lengthBytes }: ReadRange): Uint8Array {
    using place = this.#open(path);
    const { kind, sizeBytes } = statAt(place.fd, '');
    if (kind !== 'file') throw new InvalidBuildError(`read ${path}: it is no file`);
    const wanted = Math.max(0, Math.min(lengthBytes || sizeBytes, sizeBytes - offset));
    if (wanted > maxReadBytes) throw new InvalidBuildError(`read ${path}: more than ${maxReadBytes} bytes`);
    using file = place.reopen(openFlags.readOnly);
    const bytes = Buffer.alloc(wanted);
    return bytes.subarray(0, readSync(file.fd, bytes, 0, wanted, offset));
  }

  /** By their names, in their order; those that `pattern` matches, all when it is empty. Throws `InvalidBuildError`. */
  list(path: string, pattern: string): FileEntry[] {
    using tree = this.#tree.open();
    const patterns = pattern === '' ? undefined : new PathPatterns([pattern]);
    try {
      using directory = tree.openDirectory(tree.resolve(path));
      const named = directory.names().map((name) => ({ name, text: pathText(name) }));
      return named
        .filter(({ text }) => patterns?.matches(text) ?? true)
        .toSorted((a, b) => (a.text < b.text ? -1 : 1))
        .map(({ name, text }) => {
          const stat = directory.stat(name);
          return entryOf(text, stat, stat.kind === 'symlink' ? pathText(directory.readlink(name)) : '');
        });
    } catch (error) {
      throw missing(path, error);
    }
  }

  /** Throws `InvalidBuildError` for what is not there. */
  stat(path: string): FileEntry {
    using place = this.#open(path);
    return entryOf(posix.basename(path), statAt(place.fd, ''), '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tree[Symbol.asyncDispose]();
  }

  #open(path: string): Descriptor {
    using tree = this.#tree.open();
    try {
      return tree.open(tree.resolve(path));
    } catch (error) {
      throw missing(path, error);
    }
  }
}

function missing(path: string, error: unknown): unknown {
  if (!isErrno(error, 'ENOENT', 'ENOTDIR')) return error;
  return new InvalidBuildError(`open ${path}: no such file or directory`);
}

function entryOf(path: string, stat: FileStat, linkName: string): FileEntry {
  const { kind, mode, uid, gid, modifiedNs, target } = stat;
  const isDevice = kind === 'character' || kind === 'block';
  return {
    path,
    kind: isDevice ? `${kind}-device` : kind,
    mode,
    uid,
    gid,
    sizeBytes: stat.sizeBytes,
    modifiedNs,
    linkName,
    ...(isDevice && { device: target }),
  };
}
