import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import { encodeTarHeader, type TarEntryInput, type TarEntryType, tarEnd, tarPadding } from '@gantry/oci';

const readBytes = 512 * 1024;

/** What becomes of an entry: `enter` packs what is in a directory, but not the directory itself. */
export type PackChoice = 'pack' | 'enter' | 'omit';

export interface PackOptions {
  /** Asked for each entry by its name in the archive; everything is packed when missing. */
  choose?: (name: Buffer, isDirectory: boolean) => PackChoice;
  /** More follows: the archive is not ended. */
  open?: boolean;
}

/**
 * Packs a file or directory of this machine as a tar in which it has the name `name`: owners, modes, times and hard links
 * are kept, links are not followed, sockets are left out.
 */
export async function* packLocal(
  place: string,
  name: string,
  { choose = () => 'pack', open = false }: PackOptions = {},
): AsyncGenerator<Uint8Array> {
  yield* packEntry(Buffer.from(place), Buffer.from(name), { links: new Map(), choose });
  if (!open) yield tarEnd;
}

interface Packing {
  /** `device:inode` of a file with several names → its first name in the archive. */
  links: Map<string, Uint8Array>;
  choose: NonNullable<PackOptions['choose']>;
}

function* packEntry(place: Buffer, name: Buffer, packing: Packing): Generator<Uint8Array> {
  const stat = lstatSync(place, { bigint: true });
  const type = typeOf(stat);
  if (type === undefined) return;
  const choice = packing.choose(name, type === 'directory');
  if (choice === 'omit') return;
  const entry = entryOf(stat, type, name);
  if (type === 'directory') {
    if (choice === 'pack') yield encodeTarHeader(entry);
    const children = readdirSync(place, { encoding: 'buffer' }).sort((a, b) => a.compare(b));
    for (const child of children) yield* packEntry(join(place, child), join(name, child), packing);
    return;
  }
  const { links } = packing;
  const inode = `${stat.dev}:${stat.ino}`;
  const first = links.get(inode);
  if (first !== undefined) {
    yield encodeTarHeader({ ...entry, type: 'hard-link', linkName: first });
    return;
  }
  if (stat.nlink > 1n) links.set(inode, name);
  if (type === 'file') yield* packFile(place, entry);
  else if (type === 'symlink') {
    yield encodeTarHeader({ ...entry, linkName: readlinkSync(place, { encoding: 'buffer' }) });
  } else yield encodeTarHeader(entry);
}

/** As many bytes as its header says, whatever is written to it meanwhile. */
function* packFile(place: Buffer, entry: TarEntryInput): Generator<Uint8Array> {
  const fd = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const sizeBytes = fstatSync(fd).size;
    yield encodeTarHeader({ ...entry, sizeBytes });
    for (let offset = 0; offset < sizeBytes; ) {
      const chunk = Buffer.alloc(Math.min(readBytes, sizeBytes - offset));
      readSync(fd, chunk, 0, chunk.length, offset);
      yield chunk;
      offset += chunk.length;
    }
    yield tarPadding(sizeBytes);
  } finally {
    closeSync(fd);
  }
}

function entryOf(stat: BigIntStats, type: TarEntryType, name: Uint8Array): TarEntryInput {
  return {
    type,
    name,
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtimeNs: stat.mtimeNs,
    ...(type.endsWith('device') && deviceOf(stat.rdev)),
  };
}

function typeOf(stat: BigIntStats): TarEntryType | undefined {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isCharacterDevice()) return 'character-device';
  if (stat.isBlockDevice()) return 'block-device';
  return stat.isFIFO() ? 'fifo' : undefined;
}

/** The C library's `major` and `minor`. */
function deviceOf(rdev: bigint): { deviceMajor: number; deviceMinor: number } {
  return {
    deviceMajor: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
    deviceMinor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
  };
}

function join(parent: Buffer, child: Buffer): Buffer {
  const separator = parent.at(-1) === slash ? [] : [Buffer.from('/')];
  return Buffer.concat([parent, ...separator, child]);
}

const slash = 0x2f;
