import { closeSync, constants, fstatSync, ftruncateSync, openSync, writev } from 'node:fs';
import { type Clock, errorMessage, type Logger } from '@gantry/base';
import type { OutputPosition } from '@gantry/runtime';
import { compressFile } from './compress-file.ts';
import { emptyCheckpoint, LogCheckpointFile, readLogCheckpoint } from './log-checkpoint.ts';
import type { LogFiles } from './log-files.ts';

/** A disk that takes nothing is tried again this often, then the batch is given up: a container is not held up for ever. */
const retryIntervalMs = 250;
const retryLimit = 40;

export interface LogWriterOptions {
  maxFileBytes: number;
  /** Files that are full are compressed, one at a time. */
  compress: boolean;
  clock: Clock;
  logger: Logger;
  /** Start of a new run; the checkpoint's position when undefined. */
  position: OutputPosition | undefined;
  /** Called after each write with the position that the log now has. */
  onStored: (position: OutputPosition) => void;
}

interface Entry {
  records: Buffer;
  position: OutputPosition;
  rotateBefore: boolean;
}

/**
 * Appends records to the current file, rotates it, and keeps the checkpoint in step: data first, checkpoint after. What
 * arrives while a write is under way goes into the next write together.
 */
export class LogWriter implements Disposable {
  readonly #files: LogFiles;
  readonly #options: LogWriterOptions;
  readonly #checkpointFile: LogCheckpointFile;
  #descriptor: number;
  #start: number;
  #size: number;
  #position: OutputPosition;
  #queue: Entry[] = [];
  #backlogBytes = 0;
  /** Size of the current file once the queue is written. */
  #plannedSize: number;
  #draining: Promise<void> | undefined;
  #compressing: Promise<void> = Promise.resolve();

  constructor(files: LogFiles, options: LogWriterOptions) {
    this.#files = files;
    this.#options = options;
    const checkpoint = readLogCheckpoint(files.checkpointPath);
    const { start, size, stdout, stderr } = checkpoint ?? emptyCheckpoint;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
    this.#descriptor = openSync(files.currentPath, flags, 0o640);
    const actualSize = fstatSync(this.#descriptor).size;
    if (checkpoint === undefined || actualSize >= size) {
      this.#start = start;
      this.#size = checkpoint === undefined ? actualSize : size;
      ftruncateSync(this.#descriptor, this.#size);
    } else {
      // A rotation was under way (the file is new), or somebody cut the file: what is there is kept, offsets grow.
      this.#start = start + size;
      this.#size = actualSize;
    }
    this.#plannedSize = this.#size;
    this.#position = options.position ?? { stdout, stderr };
    this.#checkpointFile = new LogCheckpointFile(files.checkpointPath);
    this.#writeCheckpoint();
  }

  get start(): number {
    return this.#start;
  }

  get size(): number {
    return this.#size;
  }

  get position(): OutputPosition {
    return this.#position;
  }

  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  /** Offset of the end once the queue is written. */
  get appendedEnd(): number {
    return this.#start + this.#size + this.#backlogBytes;
  }

  /** Bytes that the current file takes before it is rotated. */
  get room(): number {
    return this.#options.maxFileBytes - this.#plannedSize;
  }

  /** `position` is what the log holds with `records`. A file is rotated before records that do not fit, unless it is empty. */
  append(records: Buffer, position: OutputPosition): void {
    const rotateBefore = this.#plannedSize > 0 && records.length > this.room;
    if (rotateBefore) this.#plannedSize = 0;
    this.#plannedSize += records.length;
    this.#backlogBytes += records.length;
    const last = this.#queue.at(-1);
    if (records.length === 0 && last !== undefined) last.position = position;
    else if (records.length > 0) this.#queue.push({ records, position, rotateBefore });
    this.#draining ??= this.#drain();
  }

  async flushed(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  /** Resolves when no file is being compressed. */
  async settled(): Promise<void> {
    await this.flushed();
    await this.#compressing;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
    this.#checkpointFile[Symbol.dispose]();
  }

  async #drain(): Promise<void> {
    await Promise.resolve();
    try {
      while (this.#queue.length > 0) await this.#writeBatch(this.#takeBatch());
    } catch (error) {
      const sizeBytes = this.#backlogBytes;
      this.#queue = [];
      this.#backlogBytes = 0;
      this.#report(error, sizeBytes, true);
    } finally {
      this.#draining = undefined;
    }
  }

  /** The entries up to the next rotation. */
  #takeBatch(): Entry[] {
    const next = this.#queue.findIndex((entry, index) => index > 0 && entry.rotateBefore);
    return this.#queue.splice(0, next < 0 ? this.#queue.length : next);
  }

  async #writeBatch(batch: readonly Entry[]): Promise<void> {
    const records = batch.map((entry) => entry.records);
    const length = records.reduce((sum, { length: bytes }) => sum + bytes, 0);
    if (batch[0]?.rotateBefore === true) await this.#rotate();
    const written = await this.#writePatiently(records, length);
    this.#backlogBytes -= length;
    if (written) this.#size += length;
    this.#position = batch.at(-1)?.position ?? this.#position;
    this.#writeCheckpoint();
    this.#options.onStored(this.#position);
  }

  async #writePatiently(records: readonly Buffer[], length: number): Promise<boolean> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await writeAll(this.#descriptor, records);
        return true;
      } catch (error) {
        ftruncateSync(this.#descriptor, this.#size);
        const lost = attempt >= retryLimit;
        if (attempt === 0 || lost) this.#report(error, length, lost);
        if (lost) return false;
        await this.#options.clock.sleep(retryIntervalMs);
      }
    }
  }

  #report(error: unknown, sizeBytes: number, lost: boolean): void {
    const message = lost ? 'log output was dropped' : 'cannot write to the log; trying again';
    this.#options.logger.error(message, {
      path: this.#files.currentPath,
      sizeBytes,
      error: errorMessage(error),
    });
  }

  async #rotate(): Promise<void> {
    await this.#compressing;
    this.#files.rotate();
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
    const descriptor = openSync(this.#files.currentPath, flags, 0o640);
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#start += this.#size;
    this.#size = 0;
    this.#writeCheckpoint();
    if (this.#options.compress) this.#compressing = this.#compress(this.#files.pathOf(1));
  }

  /** A file that cannot be compressed stays as it is. */
  async #compress(path: string): Promise<void> {
    try {
      await compressFile(path);
    } catch (error) {
      this.#options.logger.warn('a log file was not compressed', { path, error: errorMessage(error) });
    }
  }

  #writeCheckpoint(): void {
    this.#checkpointFile.write({ start: this.#start, size: this.#size, ...this.#position });
  }
}

/** writev(2) takes this many buffers (IOV_MAX). */
const longestVector = 1024;

async function writeAll(descriptor: number, records: readonly Buffer[]): Promise<void> {
  for (let first = 0; first < records.length; first += longestVector) {
    let left: Buffer[] = records.slice(first, first + longestVector);
    while (left.length > 0) left = after(left, await writeSome(descriptor, left));
  }
}

function writeSome(descriptor: number, buffers: readonly Buffer[]): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(descriptor, buffers, (error, written) => {
      if (error) reject(error);
      else resolve(written);
    });
  });
}

/** What is left of `buffers` behind their first `count` bytes. */
function after(buffers: Buffer[], count: number): Buffer[] {
  let passed = 0;
  const index = buffers.findIndex(({ length }) => (passed += length) > count);
  const cut = buffers[index];
  if (cut === undefined) return [];
  return [cut.subarray(cut.length - (passed - count)), ...buffers.slice(index + 1)];
}
