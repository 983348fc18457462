/** Files of this side that the engine may see. Paths are relative and have slashes. */
export interface SentTree {
  /** In the order of paths, a directory before what is in it. `choose` is asked before an entry is told and before a directory is entered. */
  entries(choose: PathChoice): Iterable<SentEntry>;
  /** The content as it is now; the name's own, not what a link leads to. Throws the system's error. */
  read(path: string): AsyncIterable<Uint8Array>;
  /** Where a link leads; undefined for what is no link or is not there. */
  linkTarget(path: string): string | undefined;
  /** The names in a directory; none where there is no directory. */
  names(directory: string): readonly string[];
}

export interface SentEntry {
  readonly path: string;
  /** Go's bits of `os.FileMode`. */
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  /** Of a symbolic link where it leads, of a further name of a file its first one; empty otherwise. */
  readonly linkName: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

export interface PathChoice {
  /** The entry is told, and so are the directories above it. */
  includes(path: string): boolean;
  /** Something below the directory may be told. */
  enters(directory: string): boolean;
}

/** Bits of Go's `os.FileMode` beside the nine of permissions. */
export const goMode = {
  directory: 0x8000_0000,
  symlink: 0x0800_0000,
  device: 0x0400_0000,
  namedPipe: 0x0200_0000,
  socket: 0x0100_0000,
  setuid: 0x0080_0000,
  setgid: 0x0040_0000,
  characterDevice: 0x0020_0000,
  sticky: 0x0010_0000,
} as const;

const typeBits: readonly number[] = [
  goMode.directory,
  goMode.symlink,
  goMode.device,
  goMode.namedPipe,
  goMode.socket,
];

export function hasBit(mode: number, bit: number): boolean {
  return Math.trunc(mode / bit) % 2 === 1;
}

/** A file whose content can be asked for. */
export function isRegular(mode: number): boolean {
  return !typeBits.some((bit) => hasBit(mode, bit));
}

/** The permissions as the kernel has them. */
export function permissionsOf(mode: number): number {
  const bit = (go: number, unix: number): number => (hasBit(mode, go) ? unix : 0);
  return (
    (mode % 0o1000) | bit(goMode.setuid, 0o4000) | bit(goMode.setgid, 0o2000) | bit(goMode.sticky, 0o1000)
  );
}
