import { fstatSync, writeSync } from 'node:fs';
import { OutputClosedError } from './errors.ts';

/** Where text for the user goes. */
export interface Output {
  /** Throws `OutputClosedError` when the reader has gone. */
  write(data: string | Uint8Array): void;
  readonly isTerminal: boolean;
}

/** The process's own stdout or stderr. Whether it is a terminal is found out when somebody asks: loading that takes time. */
export function processOutput(fd: 1 | 2): Output {
  return {
    write: (data) => writeAll(fd, data),
    get isTerminal(): boolean {
      return isTerminal(fd);
    },
  };
}

function isTerminal(fd: number): boolean {
  try {
    if (!fstatSync(fd).isCharacterDevice()) return false;
  } catch {
    return false;
  }
  const { isatty } = process.getBuiltinModule('node:tty');
  return isatty(fd);
}

/**
 * Writes straight to a descriptor, all of it before returning: much quicker to start than `process.stdout`, and
 * nothing is lost when the process exits. A descriptor that somebody else made non-blocking is waited for.
 */
export function writeAll(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += writeSync(fd, bytes, offset, bytes.length - offset);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new OutputClosedError(fd, error);
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    }
  }
}

const retryMs = 2;
