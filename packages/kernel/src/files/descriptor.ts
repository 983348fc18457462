import { constants } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { bind, check, lastErrno } from '../ffi/libc.ts';
import { type BytePath, cPath, pathText } from './byte-path.ts';
import { atFlags, openFlags, resolveFlags } from './flags.ts';

const closeNative = bind('int close(int fd)');
const openat2Native = bind(
  'int64_t syscall(int64_t number, int dirfd, const uint8_t *path, const uint8_t *how, uint64_t size)',
);

/** The same number on every architecture. */
const openat2Number = 437;
/** A lookup that races a rename on another processor gives EAGAIN: openat2(2) says to try again. */
const maxOpenAttempts = 64;

/** An open file, closed by `close` or `using`. Never given to node:fs to close: one owner, one close. */
export class Descriptor implements Disposable {
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Throws EBADF once closed: a number that may be another file by now is never handed out. */
  get fd(): number {
    if (this.#fd < 0) throw new KernelError('fd', constants.errno.EBADF, 'closed descriptor');
    return this.#fd;
  }

  /** A path that leads to this very file for as long as the descriptor is open, whatever happens to its names. */
  get path(): string {
    return `/proc/self/fd/${this.fd}`;
  }

  /** The same file, opened anew with other flags: an `O_PATH` descriptor becomes readable. */
  reopen(flags: number): Descriptor {
    return new Descriptor(openPath(this.path, flags));
  }

  /** Idempotent. */
  close(): void {
    if (this.#fd >= 0) closeNative(this.#fd);
    this.#fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

export interface OpenOptions {
  /** `openFlags`; close-on-exec is always added. */
  flags: number;
  /** Permissions of a file that is created. */
  mode?: number;
  /** `resolveFlags`. */
  resolve?: number;
}

/** openat2(2) (Linux 5.6). `dirfd` may be `atFlags.currentDirectory`. Throws `KernelError`; the caller closes. */
export function openAt(dirfd: number, path: BytePath, options: OpenOptions): number {
  const how = new Uint8Array(24);
  const view = new DataView(how.buffer);
  view.setUint32(0, options.flags | openFlags.closeOnExec, true);
  if ((options.flags & openFlags.create) !== 0) view.setUint32(8, options.mode ?? 0o666, true);
  view.setUint32(16, options.resolve ?? 0, true);
  const bytes = cPath(path);
  for (let attempt = 1; ; attempt++) {
    const fd = openat2Native(openat2Number, dirfd, bytes, how, how.length);
    if (fd >= 0) return fd;
    const retry = lastErrno() === constants.errno.EAGAIN && (options.resolve ?? 0) !== 0;
    if (!retry || attempt >= maxOpenAttempts) return check(fd, 'open', pathText(path));
  }
}

/** Opens a path of the host, following links. For paths that this engine made; never for one from an image. */
export function openPath(path: BytePath, flags: number, mode?: number): number {
  return openAt(atFlags.currentDirectory, path, { flags, ...(mode === undefined ? {} : { mode }) });
}

/** `inRoot`, without the magic links of /proc: how every path of an image or a container is resolved. */
export const insideRoot: number = resolveFlags.inRoot | resolveFlags.noMagicLinks;
