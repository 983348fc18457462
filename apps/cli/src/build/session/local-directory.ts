import {
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  openSync,
  read as readCallback,
  readdirSync,
  readlinkSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { CommandError } from '../../errors.ts';
import { goMode, type PathChoice, type SentEntry, type SentTree } from './sent-tree.ts';

const read = promisify(readCallback);
const readBytes = 256 * 1024;

/**
 * A directory of this machine. Sockets are left out, links are not followed, owners are not told, and of a file with several names the
 * later ones are links to the first. What goes away meanwhile is left out.
 */
export class LocalDirectory implements SentTree {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  entries(choose: PathChoice): Iterable<SentEntry> {
    return this.#below('', { choose, links: new Map() });
  }

  async *read(relative: string): AsyncGenerator<Uint8Array> {
    const fd = openSync(
      path.join(this.#root, relative),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      for (;;) {
        const { bytesRead, buffer } = await read(fd, Buffer.allocUnsafe(readBytes), 0, readBytes, null);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      closeSync(fd);
    }
  }

  linkTarget(relative: string): string | undefined {
    const place = path.join(this.#root, relative);
    return lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(place) : undefined;
  }

  names(directory: string): readonly string[] {
    return this.#list(directory).map(String);
  }

  *#below(directory: string, walk: Walk): Generator<SentEntry> {
    for (const name of this.#list(directory)) {
      const relative = directory === '' ? textOf(name) : `${directory}/${textOf(name)}`;
      const stat = lstatSync(path.join(this.#root, relative), { bigint: true, throwIfNoEntry: false });
      if (stat === undefined || stat.isSocket()) continue;
      const entry = walk.choose.includes(relative) ? this.#entry(relative, stat, walk.links) : undefined;
      if (!stat.isDirectory()) {
        if (entry !== undefined) yield entry;
        continue;
      }
      if (entry !== undefined) yield entry;
      if (!walk.choose.enters(relative)) continue;
      const children = this.#below(relative, walk);
      if (entry !== undefined) yield* children;
      else yield* this.#withDirectory(relative, stat, children);
    }
  }

  /** A directory that is told only for the sake of what is in it. */
  *#withDirectory(relative: string, stat: BigIntStats, children: Iterable<SentEntry>): Generator<SentEntry> {
    let isTold = false;
    for (const child of children) {
      if (!isTold) yield this.#entry(relative, stat, new Map());
      isTold = true;
      yield child;
    }
  }

  /** By the bytes of names, which is the order of the protocol. A directory that may not be read fails, one that is gone is empty. */
  #list(directory: string): Buffer[] {
    try {
      return readdirSync(path.join(this.#root, directory), { encoding: 'buffer' }).sort((a, b) =>
        a.compare(b),
      );
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return [];
      throw error;
    }
  }

  #entry(relative: string, stat: BigIntStats, links: Map<string, string>): SentEntry {
    const inode = `${stat.dev}:${stat.ino}`;
    const first = stat.isFile() && stat.nlink > 1n ? links.get(inode) : undefined;
    if (stat.isFile() && first === undefined) links.set(inode, relative);
    const isLink = stat.isSymbolicLink();
    return {
      path: relative,
      mode: goModeOf(stat),
      sizeBytes: stat.isFile() && first === undefined ? Number(stat.size) : 0,
      mtimeNs: stat.mtimeNs,
      linkName: isLink ? readlinkSync(path.join(this.#root, relative)) : (first ?? ''),
      deviceMajor: Number(((stat.rdev >> 8n) & 0xfffn) | ((stat.rdev >> 32n) & 0xfffff000n)),
      deviceMinor: Number((stat.rdev & 0xffn) | ((stat.rdev >> 12n) & 0xffffff00n)),
    };
  }
}

interface Walk {
  readonly choose: PathChoice;
  /** `device:inode` of a file that was told → its path. */
  readonly links: Map<string, string>;
}

function goModeOf(stat: BigIntStats): number {
  const mode = Number(stat.mode);
  let bits = mode & 0o777;
  if (mode & 0o4000) bits += goMode.setuid;
  if (mode & 0o2000) bits += goMode.setgid;
  if (mode & 0o1000) bits += goMode.sticky;
  if (stat.isDirectory()) bits += goMode.directory;
  else if (stat.isSymbolicLink()) bits += goMode.symlink;
  else if (stat.isFIFO()) bits += goMode.namedPipe;
  else if (stat.isCharacterDevice()) bits += goMode.device + goMode.characterDevice;
  else if (stat.isBlockDevice()) bits += goMode.device;
  return bits;
}

/** The protocol has names as text. */
function textOf(name: Buffer): string {
  const text = name.toString('utf8');
  if (Buffer.from(text).equals(name)) return text;
  throw new CommandError(
    1,
    `ERROR: the name ${JSON.stringify(name.toString('latin1'))} is not UTF-8 and cannot be sent`,
  );
}
