import { statfsSync } from 'node:fs';

/** `linux/magic.h`. */
const names: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlay'],
  [0x6969, 'nfs'],
  [0x2fc12fc1, 'zfs'],
  [0x65735546, 'fuse'],
  [0xf2f52010, 'f2fs'],
  [0x858458f6, 'ramfs'],
  [0x27e0eb, 'cgroup'],
  [0x63677270, 'cgroup2'],
]);

export interface FileSystemInfo {
  /** `ext4`, `xfs`, `tmpfs`, `overlay`, …; the magic number in hex where it has no name here. */
  type: string;
  sizeBytes: number;
  /** What is left for ordinary users; root's reserve is not counted. */
  availableBytes: number;
  /** Zero total means that the file system does not count inodes. */
  inodes: number;
  availableInodes: number;
}

/** statfs(2) of the file system that holds `path`. */
export function fileSystemOf(path: string): FileSystemInfo {
  const { type, bsize, blocks, bavail, files, ffree } = statfsSync(path);
  return {
    type: names.get(type) ?? `0x${type.toString(16)}`,
    sizeBytes: blocks * bsize,
    availableBytes: bavail * bsize,
    inodes: files,
    availableInodes: ffree,
  };
}
