import type { WriteStream } from 'node:tty';

/** The terminal's size, or undefined when the descriptor is no terminal. Docker's order: rows, then columns. */
export function windowSize(fd: number): { rows: number; columns: number } | undefined {
  try {
    const stream = fd === 1 ? process.stdout : fd === 2 ? process.stderr : openTerminal(fd);
    const [columns, rows] = stream.getWindowSize?.() ?? [];
    return columns && rows ? { rows, columns } : undefined;
  } catch {
    return undefined;
  }
}

/** Loaded when it is needed: a command line that has just begun has no time for it. */
function openTerminal(fd: number): WriteStream {
  const { WriteStream } = process.getBuiltinModule('node:tty');
  return new WriteStream(fd);
}
