import { bind, check } from '../ffi/libc.ts';
import { type BytePath, cPath, pathText } from './byte-path.ts';
import { atFlags, modeBits } from './flags.ts';

const statxNative = bind('int statx(int dirfd, const uint8_t *path, int flags, uint32_t mask, uint8_t *out)');

/** STATX_BASIC_STATS | STATX_MNT_ID, `linux/stat.h`. */
const wantedFields = 0x7ff | 0x1000;
const statxSize = 256;
const mountRootAttribute = 0x2000;

export type FileKind = 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket';

export interface FileStat {
  kind: FileKind;
  /** Permissions with setuid, setgid and sticky: twelve bits. */
  mode: number;
  uid: number;
  gid: number;
  links: number;
  sizeBytes: number;
  /** What is allocated: less than the size where the file has holes. */
  allocatedBytes: number;
  inode: bigint;
  /** The file system's device. */
  device: DeviceNumber;
  /** What a device node stands for. */
  target: DeviceNumber;
  accessedNs: bigint;
  modifiedNs: bigint;
  changedNs: bigint;
  mountId: bigint;
  /** The file is the root of a mount (Linux 5.8). */
  isMountRoot: boolean;
}

export interface DeviceNumber {
  major: number;
  minor: number;
}

const kinds: ReadonlyMap<number, FileKind> = new Map([
  [modeBits.file, 'file'],
  [modeBits.directory, 'directory'],
  [modeBits.symlink, 'symlink'],
  [modeBits.character, 'character'],
  [modeBits.block, 'block'],
  [modeBits.fifo, 'fifo'],
  [modeBits.socket, 'socket'],
]);

/** statx(2). `path` is relative to `dirfd`; an empty one means `dirfd` itself. Does not follow a last link. */
export function statAt(dirfd: number, path: BytePath, flags: number = atFlags.symlinkNoFollow): FileStat {
  const out = new Uint8Array(statxSize);
  const atFlag = path.length === 0 ? flags | atFlags.emptyPath : flags;
  check(statxNative(dirfd, cPath(path), atFlag, wantedFields, out), 'stat', pathText(path));
  return decode(new DataView(out.buffer));
}

/** Of a path of the host, not following a last link. */
export function statPath(path: BytePath): FileStat {
  return statAt(atFlags.currentDirectory, path);
}

/** Offsets of `struct statx`, the same on every architecture. */
function decode(view: DataView): FileStat {
  const mode = view.getUint16(28, true);
  return {
    kind: kinds.get(mode & modeBits.typeMask) ?? 'file',
    mode: mode & modeBits.permissions,
    uid: view.getUint32(20, true),
    gid: view.getUint32(24, true),
    links: view.getUint32(16, true),
    sizeBytes: Number(view.getBigUint64(40, true)),
    allocatedBytes: Number(view.getBigUint64(48, true)) * 512,
    inode: view.getBigUint64(32, true),
    device: { major: view.getUint32(136, true), minor: view.getUint32(140, true) },
    target: { major: view.getUint32(128, true), minor: view.getUint32(132, true) },
    accessedNs: timestamp(view, 64),
    modifiedNs: timestamp(view, 112),
    changedNs: timestamp(view, 96),
    mountId: view.getBigUint64(144, true),
    isMountRoot: (view.getUint32(8, true) & mountRootAttribute) !== 0,
  };
}

function timestamp(view: DataView, offset: number): bigint {
  return view.getBigInt64(offset, true) * 1_000_000_000n + BigInt(view.getUint32(offset + 8, true));
}
