import type { Clock, Logger } from '@gantry/base';
import type { OutputPosition } from '@gantry/runtime';
import type { LogLimits } from '../state/container-record.ts';
import { formatTimestamp } from '../state/timestamps.ts';
import { LineAssembler } from './line-assembler.ts';
import { emptyCheckpoint, readLogCheckpoint } from './log-checkpoint.ts';
import { LogFiles, type LogSegment } from './log-files.ts';
import type { LogStream } from './log-record.ts';
import { LogWriter } from './log-writer.ts';

/** Longest piece of output that is encoded at once: bounds what rotation and a slow disk hold in memory. */
const pieceBytes = 16 * 1024;
/** What JSON and base64 make of one byte at worst, and what a record has beside its line. */
const longestEscapeBytes = 6;
const recordOverheadBytes = 110;

export interface ContainerLogOptions {
  containerId: string;
  /** The container's directory; it exists. */
  directory: string;
  limits: LogLimits;
  clock: Clock;
  logger: Logger;
}

/**
 * The json-file log of one container: written while it runs, read at any time. Offsets count from the first byte ever
 * logged and grow over rotation. Appending never waits; `backlogBytes` tells how far the disk is behind.
 */
export class ContainerLog {
  readonly #options: ContainerLogOptions;
  readonly #files: LogFiles;
  #assembler = new LineAssembler();
  #received: OutputPosition = { stdout: 0, stderr: 0 };
  #writer: LogWriter | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(options: ContainerLogOptions) {
    this.#options = options;
    this.#files = new LogFiles(options.directory, options.containerId, options.limits.maxFiles);
  }

  /** As `inspect` shows it. */
  get path(): string {
    return this.#files.currentPath;
  }

  /** True between `begin` or `resume` and `end`. */
  get isOpen(): boolean {
    return this.#writer !== undefined;
  }

  get backlogBytes(): number {
    return this.#writer?.backlogBytes ?? 0;
  }

  /** A new run: its positions start at 0. Must return before the run starts. */
  begin(onStored: (position: OutputPosition) => void): void {
    this.#open(onStored, { stdout: 0, stderr: 0 });
  }

  /** Continues a run after a restart of the engine; returns the position up to which the log has its output. */
  resume(onStored: (position: OutputPosition) => void): OutputPosition {
    return this.#open(onStored, undefined);
  }

  /** `position` is the run's position after `data`. Does nothing when the log is not open. */
  append(stream: LogStream, data: Uint8Array, position: OutputPosition): void {
    const time = formatTimestamp(this.#options.clock.nowNs());
    const start = position[stream] - data.length;
    for (let offset = 0; offset < data.length; offset += pieceBytes) {
      const piece = data.subarray(offset, offset + pieceBytes);
      // Where the file may become full, line by line, so that rotation parts it at the right one.
      const parts = this.#surelyFits(stream, piece) ? [piece] : linesOf(piece);
      let end = start + offset;
      for (const part of parts) {
        end += part.length;
        this.#received = { ...position, [stream]: end };
        this.#writer?.append(this.#assembler.add(stream, part, time), this.#storedPosition());
      }
    }
  }

  /** Resolves when everything appended so far is in the log, or was given up because the disk takes nothing. */
  async flushed(): Promise<void> {
    await this.#writer?.flushed();
  }

  /** The run has ended: what has no newline is stored as it is, followers get their end. Idempotent. */
  async end(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    const rest = this.#assembler.end(formatTimestamp(this.#options.clock.nowNs()));
    writer.append(rest, this.#received);
    await writer.flushed();
    this.#close(writer);
  }

  /** Stores what was appended and stops, so that a later `resume` goes on; a last line without a newline waits for it. */
  async suspend(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    await writer.flushed();
    this.#close(writer);
  }

  /** Where the log ends once all that was appended is written, and what was received after it, of a line without end. */
  mark(): { end: number; pending: Record<LogStream, Uint8Array> } {
    return {
      end: this.#writer?.appendedEnd ?? this.storedEnd,
      pending: { stdout: this.#assembler.pending('stdout'), stderr: this.#assembler.pending('stderr') },
    };
  }

  /** Offset up to which the log can be read. */
  get storedEnd(): number {
    const { start, size } = this.#checkpoint();
    return start + size;
  }

  /** Offset of the first byte of the file that is being written. */
  get currentStart(): number {
    return this.#checkpoint().start;
  }

  /** The files that are there now, oldest first. */
  segments(): LogSegment[] {
    const { start, size } = this.#checkpoint();
    return this.#files.segments(start, size);
  }

  /** `listener` is called after each write and at the end of a run, until the result is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #open(onStored: (position: OutputPosition) => void, position: OutputPosition | undefined): OutputPosition {
    this.#assembler = new LineAssembler();
    const { limits, clock, logger, containerId } = this.#options;
    this.#writer = new LogWriter(this.#files, {
      maxFileBytes: limits.maxFileBytes,
      clock,
      logger: logger.child({ containerId }),
      position,
      onStored: (stored) => {
        onStored(stored);
        this.#announce();
      },
    });
    this.#received = this.#writer.position;
    return this.#received;
  }

  #close(writer: LogWriter): void {
    writer[Symbol.dispose]();
    this.#writer = undefined;
    this.#announce();
  }

  #surelyFits(stream: LogStream, piece: Uint8Array): boolean {
    const room = this.#writer?.room ?? 0;
    const bytes = piece.length + this.#assembler.pending(stream).length;
    if (bytes * (recordOverheadBytes + longestEscapeBytes) <= room) return true;
    return bytes * longestEscapeBytes + (countLines(piece) + 2) * recordOverheadBytes <= room;
  }

  /** Position of the run whose output is all in records. */
  #storedPosition(): OutputPosition {
    return {
      stdout: this.#received.stdout - this.#assembler.pending('stdout').length,
      stderr: this.#received.stderr - this.#assembler.pending('stderr').length,
    };
  }

  #checkpoint(): { start: number; size: number } {
    if (this.#writer !== undefined) return this.#writer;
    const checkpoint = readLogCheckpoint(this.#files.checkpointPath) ?? emptyCheckpoint;
    return { start: checkpoint.start, size: this.#files.currentSize() };
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline + 1;
    lines.push(bytes.subarray(start, end));
    start = end;
  }
  return lines;
}
