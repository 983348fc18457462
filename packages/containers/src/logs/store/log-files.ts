import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { isErrno } from '@gantry/kernel';
import type { StoreSettings } from '../settings/store-settings.ts';

/** A file of a log: the bytes from `start` to `end`, counted from the first byte ever logged. */
export interface LogSegment {
  path: string;
  compressed: boolean;
  start: number;
  end: number;
}

/** gzip(RFC 1952): the last four bytes say the length of what was compressed. */
const gzipLengthBytes = 4;

/**
 * The files of one container's log, named as Docker names them: the current one is being written, `.1` is the one
 * before, and so on; `.gz` behind that is compressed. All calls are synchronous, so that no reader sees a rotation half
 * done.
 */
export class LogFiles {
  readonly currentPath: string;
  readonly checkpointPath: string;
  readonly sinkCheckpointPath: string;
  readonly directory: string;
  readonly #maxFiles: number;

  constructor(directory: string, { fileName, maxFiles }: StoreSettings) {
    this.directory = directory;
    this.currentPath = path.join(directory, fileName);
    this.checkpointPath = path.join(directory, 'log-checkpoint.json');
    this.sinkCheckpointPath = path.join(directory, 'log-sink.json');
    this.#maxFiles = maxFiles;
  }

  /** Makes room for a new current file; the oldest file goes. Steps that an earlier crash left out are tolerated. */
  rotate(): void {
    if (this.#maxFiles === 1) {
      rmSync(this.currentPath, { force: true });
      return;
    }
    for (let age = this.#maxFiles - 1; age > 0; age -= 1) {
      for (const suffix of ['', '.gz']) {
        const isThere = moveIfThere(`${this.pathOf(age - 1)}${suffix}`, `${this.pathOf(age)}${suffix}`);
        // What is now of this age is the one or the other, never both.
        if (isThere) rmSync(`${this.pathOf(age)}${suffix === '' ? '.gz' : ''}`, { force: true });
      }
    }
  }

  /** Oldest first; the last one is the current file. */
  segments(currentStart: number, currentSize: number): LogSegment[] {
    const current = { path: this.currentPath, compressed: false };
    const segments: LogSegment[] = [{ ...current, start: currentStart, end: currentStart + currentSize }];
    let end = currentStart;
    for (let age = 1; age < this.#maxFiles; age += 1) {
      const found = this.#find(age);
      if (found === undefined || found.size === 0) continue;
      segments.unshift({ path: found.path, compressed: found.compressed, start: end - found.size, end });
      end -= found.size;
    }
    return segments;
  }

  /** Size of the current file; 0 when there is none. */
  currentSize(): number {
    return sizeOf(this.currentPath) ?? 0;
  }

  /** Where a file of that age is as long as it is not compressed; age 0 is the current one. */
  pathOf(age: number): string {
    return age === 0 ? this.currentPath : `${this.currentPath}.${age}`;
  }

  #find(age: number): { path: string; compressed: boolean; size: number } | undefined {
    const plain = this.pathOf(age);
    const size = sizeOf(plain);
    if (size !== undefined) return { path: plain, compressed: false, size };
    const compressed = compressedSizeOf(`${plain}.gz`);
    return compressed === undefined ? undefined : { path: `${plain}.gz`, compressed: true, size: compressed };
  }
}

function moveIfThere(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return false;
  }
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

function compressedSizeOf(file: string): number | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(gzipLengthBytes);
    const count = readSync(descriptor, bytes, 0, gzipLengthBytes, Math.max(0, size - gzipLengthBytes));
    return count < gzipLengthBytes ? 0 : bytes.readUInt32LE();
  } finally {
    closeSync(descriptor);
  }
}
