import { constants } from 'node:fs';

/** Flags of open(2). What node:fs does not name is from `asm-generic/fcntl.h`. */
export const openFlags: Readonly<Record<OpenFlag, number>> = {
  readOnly: constants.O_RDONLY,
  writeOnly: constants.O_WRONLY,
  readWrite: constants.O_RDWR,
  create: constants.O_CREAT,
  exclusive: constants.O_EXCL,
  truncate: constants.O_TRUNC,
  directory: constants.O_DIRECTORY,
  noFollow: constants.O_NOFOLLOW,
  nonBlocking: constants.O_NONBLOCK,
  noControllingTerminal: constants.O_NOCTTY,
  path: 0x200000,
  closeOnExec: 0x80000,
};

type OpenFlag =
  | 'readOnly'
  | 'writeOnly'
  | 'readWrite'
  | 'create'
  | 'exclusive'
  | 'truncate'
  | 'directory'
  | 'noFollow'
  | 'nonBlocking'
  | 'noControllingTerminal'
  | 'path'
  | 'closeOnExec';

/** Flags of openat2(2), `linux/openat2.h`. */
export const resolveFlags = {
  noCrossDevice: 0x01,
  noMagicLinks: 0x02,
  noSymlinks: 0x04,
  /** An absolute path, or one that climbs out, is an error (EXDEV). */
  beneath: 0x08,
  /** The directory is the root: `..` stops there and absolute links start there. */
  inRoot: 0x10,
} as const;

/** `linux/fcntl.h`. */
export const atFlags = {
  currentDirectory: -100,
  symlinkNoFollow: 0x100,
  removeDirectory: 0x200,
  symlinkFollow: 0x400,
  emptyPath: 0x1000,
} as const;

/** `linux/stat.h`. */
export const modeBits = {
  typeMask: 0o170000,
  socket: 0o140000,
  symlink: 0o120000,
  file: 0o100000,
  block: 0o060000,
  directory: 0o040000,
  character: 0o020000,
  fifo: 0o010000,
  permissions: 0o7777,
} as const;
