import { WriteStream } from 'node:tty';

/** The terminal's size, or undefined when the descriptor is no terminal. Docker's order: rows, then columns. */
export function windowSize(fd: number): { rows: number; columns: number } | undefined {
  try {
    const stream = fd === 1 ? process.stdout : fd === 2 ? process.stderr : new WriteStream(fd);
    const [columns, rows] = stream.getWindowSize?.() ?? [];
    return columns && rows ? { rows, columns } : undefined;
  } catch {
    return undefined;
  }
}
