/** What an entry makes. Contiguous files (type 7) and GNU sparse files (type S) are files. */
export type TarEntryType =
  | 'file'
  | 'hard-link'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo';

/** A run of stored bytes in a sparse file; everything between the runs is a hole. */
export interface TarSegment {
  offset: number;
  lengthBytes: number;
}

/** One member of an archive, whatever format (v7, ustar, GNU, PAX) it was written in. */
export interface TarEntry {
  type: TarEntryType;
  /**
   * The path exactly as stored: bytes, neither empty nor holding NUL. It may be absolute, hold `..`, or end in `/`:
   * whoever unpacks must not trust it.
   */
  name: Uint8Array;
  /** Target of a hard link or symlink, as stored and never empty then; empty for the other types. */
  linkName: Uint8Array;
  /** Permission, setuid, setgid and sticky bits: 0 to 0o7777. */
  mode: number;
  /** 0 to 2³² − 2: what Linux can own a file with (2³² − 1 means "unchanged" to chown). */
  uid: number;
  gid: number;
  /** Size of a file's content, holes included; 0 for the other types. */
  sizeBytes: number;
  /** Nanoseconds since the Unix epoch; negative before it. */
  mtimeNs: bigint;
  atimeNs: bigint | undefined;
  ctimeNs: bigint | undefined;
  /** Of a device; 0 for the other types. */
  deviceMajor: number;
  deviceMinor: number;
  /** Extended attributes by full name (`security.capability`), in the order stored. */
  xattrs: ReadonlyMap<string, Uint8Array>;
  /** The stored runs of a sparse file: ascending, not overlapping, within `sizeBytes`. Undefined: the whole content is stored. */
  segments: readonly TarSegment[] | undefined;
}

/** Bytes of content that the archive holds for an entry: `sizeBytes` without holes. */
export function tarStoredBytes(entry: Pick<TarEntry, 'sizeBytes' | 'segments'>): number {
  if (entry.segments === undefined) return entry.sizeBytes;
  return entry.segments.reduce((sum, segment) => sum + segment.lengthBytes, 0);
}
