import { constants } from 'node:os';
import { bind, check, lastErrno } from '../ffi/libc.ts';

/** Tells a terminal its size by any of its descriptors (TIOCSWINSZ); its foreground processes get SIGWINCH. Does nothing when it is closed. */
export function setWindowSize(terminal: number, size: { rows: number; columns: number }): void {
  const request = new Uint16Array([size.rows, size.columns, 0, 0]);
  const result = native.ioctl(terminal, setSize, new Uint8Array(request.buffer));
  if (result < 0 && lastErrno() === constants.errno.EIO) return;
  check(result, 'ioctl TIOCSWINSZ', `descriptor ${terminal}`);
}

const setSize = 0x5414;

const native = { ioctl: bind('int ioctl(int fd, uint64_t request, void *argument)') };
