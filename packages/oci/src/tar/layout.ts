/** The 512-byte header of POSIX.1-1988 ustar, and where GNU (tar manual, "Basic Tar Format") differs. */
export const blockBytes = 512;

/** Bound of one extended header, long name or sparse map, and of all global PAX records together. */
export const metadataLimitBytes: number = 1 << 20;

/** Highest id that Linux can own a file with. */
export const maxId = 0xffff_fffe;

export interface Field {
  readonly at: number;
  readonly length: number;
}

type FieldName =
  | 'name'
  | 'mode'
  | 'uid'
  | 'gid'
  | 'size'
  | 'mtime'
  | 'checksum'
  | 'type'
  | 'linkName'
  | 'magic'
  | 'deviceMajor'
  | 'deviceMinor'
  | 'prefix'
  | 'gnuAtime'
  | 'gnuCtime'
  | 'gnuSparse'
  | 'gnuIsExtended'
  | 'gnuRealSize'
  | 'starPrefix'
  | 'starTrailer';

export const fields: Readonly<Record<FieldName, Field>> = {
  name: { at: 0, length: 100 },
  mode: { at: 100, length: 8 },
  uid: { at: 108, length: 8 },
  gid: { at: 116, length: 8 },
  size: { at: 124, length: 12 },
  mtime: { at: 136, length: 12 },
  checksum: { at: 148, length: 8 },
  type: { at: 156, length: 1 },
  linkName: { at: 157, length: 100 },
  magic: { at: 257, length: 8 },
  deviceMajor: { at: 329, length: 8 },
  deviceMinor: { at: 337, length: 8 },
  prefix: { at: 345, length: 155 },
  gnuAtime: { at: 345, length: 12 },
  gnuCtime: { at: 357, length: 12 },
  gnuSparse: { at: 386, length: 96 },
  gnuIsExtended: { at: 482, length: 1 },
  gnuRealSize: { at: 483, length: 12 },
  starPrefix: { at: 345, length: 131 },
  starTrailer: { at: 508, length: 4 },
};
