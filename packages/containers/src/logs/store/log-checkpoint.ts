import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { isErrno } from '@gantry/kernel';

/**
 * How far output is in the log. `start` is the offset of the current file's first byte, counted from the first byte
 * ever logged; `size` is that file's length; `stdout` and `stderr` are the positions of the run's output that the log
 * holds up to there. What the file has beyond `size` was being written when the engine died.
 */
export interface LogCheckpoint {
  start: number;
  size: number;
  stdout: number;
  stderr: number;
}

const version = 1;
/** Longer than any record, and within one page: a write of it is not torn by the end of the process. */
const recordBytes = 160;

export const emptyCheckpoint: LogCheckpoint = { start: 0, size: 0, stdout: 0, stderr: 0 };

/** The file that holds one checkpoint, overwritten in place. Not synced: a container does not outlive a power cut. */
export class LogCheckpointFile implements Disposable {
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
  }

  write(checkpoint: LogCheckpoint): void {
    const text = JSON.stringify({ version, ...checkpoint });
    writeSync(
      this.#descriptor,
      Buffer.from(text.padEnd(recordBytes - 1).concat('\n'), 'latin1'),
      0,
      recordBytes,
      0,
    );
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

/** Undefined when there is none, or it is damaged: the log is then continued at its end. */
export function readLogCheckpoint(path: string): LogCheckpoint | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  return parseCheckpoint(text);
}

function parseCheckpoint(text: string): LogCheckpoint | undefined {
  try {
    const value = JSON.parse(text) as Record<string, unknown> | null;
    if (value === null || value['version'] !== version) return undefined;
    const { start, size, stdout, stderr } = value;
    const numbers = [start, size, stdout, stderr];
    if (!numbers.every((number) => Number.isSafeInteger(number) && Number(number) >= 0)) return undefined;
    return { start: Number(start), size: Number(size), stdout: Number(stdout), stderr: Number(stderr) };
  } catch {
    return undefined;
  }
}
