import { renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { isErrno } from '@gantry/kernel';

/** A file of a log: the bytes from `start` to `end`, counted from the first byte ever logged. */
export interface LogSegment {
  path: string;
  start: number;
  end: number;
}

/**
 * The files of one container's log, named as Docker names them: `<id>-json.log` is being written, `.1` is the one
 * before, and so on. All calls are synchronous, so that no reader sees a rotation half done.
 */
export class LogFiles {
  readonly currentPath: string;
  readonly checkpointPath: string;
  readonly #maxFiles: number;

  constructor(directory: string, containerId: string, maxFiles: number) {
    this.currentPath = path.join(directory, `${containerId}-json.log`);
    this.checkpointPath = path.join(directory, 'log-checkpoint.json');
    this.#maxFiles = maxFiles;
  }

  /** Makes room for a new current file; the oldest file goes. Steps that an earlier crash left out are tolerated. */
  rotate(): void {
    if (this.#maxFiles === 1) {
      rmSync(this.currentPath, { force: true });
      return;
    }
    for (let age = this.#maxFiles - 1; age > 0; age -= 1) {
      try {
        renameSync(this.#pathOf(age - 1), this.#pathOf(age));
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw error;
      }
    }
  }

  /** Oldest first; the last one is the current file. */
  segments(currentStart: number, currentSize: number): LogSegment[] {
    const segments: LogSegment[] = [
      { path: this.currentPath, start: currentStart, end: currentStart + currentSize },
    ];
    let end = currentStart;
    for (let age = 1; age < this.#maxFiles; age += 1) {
      const size = sizeOf(this.#pathOf(age));
      if (size === undefined || size === 0) continue;
      segments.unshift({ path: this.#pathOf(age), start: end - size, end });
      end -= size;
    }
    return segments;
  }

  /** Size of the current file; 0 when there is none. */
  currentSize(): number {
    return sizeOf(this.currentPath) ?? 0;
  }

  #pathOf(age: number): string {
    return age === 0 ? this.currentPath : `${this.currentPath}.${age}`;
  }
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}
