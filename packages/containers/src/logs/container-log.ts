import type { Clock, Logger } from '@gantry/base';
import type { OutputPosition } from '@gantry/runtime';
import { formatTimestamp } from '../state/timestamps.ts';
import { OutputGate } from './output-gate.ts';
import type { ReadableLog } from './reading/log-cursor.ts';
import type { LogPlan } from './settings/log-plan.ts';
import { SinkCheckpoint } from './sinks/sink-checkpoint.ts';
import { SinkFeeder } from './sinks/sink-feeder.ts';
import { LineAssembler } from './store/line-assembler.ts';
import { emptyCheckpoint, readLogCheckpoint } from './store/log-checkpoint.ts';
import { LogFiles, type LogSegment } from './store/log-files.ts';
import { RecordCodec } from './store/log-record.ts';
import { LogWriter } from './store/log-writer.ts';
import type { LogStream } from './store/record-run.ts';

/** Longest piece of output that is encoded at once: bounds what rotation and a slow disk hold in memory. */
const pieceBytes = 64 * 1024;
/** What JSON and base64 make of one byte at worst, and what a record has beside its line. */
const longestEscapeBytes = 6;
const recordOverheadBytes = 110;

export interface ContainerLogOptions {
  containerId: string;
  /** The container's directory; it exists. */
  directory: string;
  /** How its output is logged; asked for at the beginning of each run, for a name may have changed. */
  plan: () => LogPlan;
  clock: Clock;
  logger: Logger;
}

/**
 * The log of one container: written while it runs, read at any time, and sent to its sink. Offsets count from the first
 * byte ever logged and grow over rotation. Appending never waits; `backlogBytes` tells how far the disk is behind. With
 * the driver `none` it takes everything and keeps nothing.
 */
export class ContainerLog implements ReadableLog {
  readonly #options: ContainerLogOptions;
  #plan: LogPlan;
  /** Undefined with `none`. */
  readonly #files: LogFiles | undefined;
  #codec: RecordCodec;
  #assembler: LineAssembler;
  #gate: OutputGate;
  #feeder: SinkFeeder | undefined;
  /** Between `begin` or `resume` and the end. */
  #onStored: ((position: OutputPosition) => void) | undefined;
  #received: OutputPosition = { stdout: 0, stderr: 0 };
  #writer: LogWriter | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(options: ContainerLogOptions) {
    this.#options = options;
    this.#plan = options.plan();
    this.#files = this.#plan.store && new LogFiles(options.directory, this.#plan.store);
    this.#codec = new RecordCodec(this.#plan.attributes);
    this.#assembler = new LineAssembler(this.#codec);
    this.#gate = new OutputGate(this.#plan.maxBufferBytes);
  }

  /** As `inspect` shows it; empty for a log that is no json-file. */
  get path(): string {
    return this.#plan.showsPath ? (this.#files?.currentPath ?? '') : '';
  }

  /** `docker logs` may read it. */
  get isReadable(): boolean {
    return this.#plan.readable;
  }

  /** True between `begin` or `resume` and `end`. */
  get isOpen(): boolean {
    return this.#onStored !== undefined;
  }

  get codec(): RecordCodec {
    return this.#codec;
  }

  /** What `mode=non-blocking` dropped in this run. */
  get dropped(): { bytes: number; lines: number } {
    return this.#gate.dropped;
  }

  /** Whoever brings output waits for the disk when too much of it waits: false with `mode=non-blocking`. */
  get holdsOutput(): boolean {
    return !this.#gate.neverWaits;
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
    if (this.#writer === undefined) {
      this.#onStored?.(position);
      return;
    }
    const pendingBytes = this.#assembler.pending(stream).length;
    const passed = this.#gate.pass(stream, data, { backlogBytes: this.backlogBytes, pendingBytes });
    if (passed.dropsPending) this.#assembler.discard(stream);
    if (passed.data.length < data.length) {
      this.#received = { ...position, [stream]: position[stream] - passed.data.length };
      this.#writer.append(Buffer.alloc(0), this.#storedPosition());
    }
    this.#store(this.#writer, stream, passed.data, position);
  }

  /** Resolves when everything appended so far is in the log, or was given up because the disk takes nothing. */
  async flushed(): Promise<void> {
    await this.#writer?.flushed();
  }

  /** The run has ended: what has no newline is stored as it is, followers get their end. Idempotent. */
  async end(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) {
      this.#close();
      return;
    }
    const rest = this.#assembler.end(formatTimestamp(this.#options.clock.nowNs()));
    writer.append(rest, this.#received);
    await writer.flushed();
    this.#close();
  }

  /** Stores what was appended and stops, so that a later `resume` goes on; a last line without a newline waits for it. */
  async suspend(): Promise<void> {
    await this.#writer?.settled();
    this.#close();
    await this.closeSink();
  }

  /** Sends on what an earlier run left to send. */
  startSink(): void {
    const { sink } = this.#plan;
    if (sink === undefined || this.#files === undefined) return;
    const { clock, containerId } = this.#options;
    const checkpoint = new SinkCheckpoint(this.#files.sinkCheckpointPath);
    const logger = this.#options.logger.child({ containerId });
    this.#feeder ??= new SinkFeeder({ log: this, sink, checkpoint, clock, logger });
    if (this.isOpen || this.#feeder.isBehind) this.#feeder.start();
  }

  /** Stops sending; a later `startSink` goes on from there. Idempotent. */
  async closeSink(): Promise<void> {
    const feeder = this.#feeder;
    this.#feeder = undefined;
    await feeder?.close();
  }

  /** The container goes: what is left to send gets `graceMs`, unless the receiver is away. */
  async finishSink(graceMs: number): Promise<void> {
    const feeder = this.#feeder;
    this.#feeder = undefined;
    await feeder?.finish(graceMs);
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
    return this.#files?.segments(start, size) ?? [];
  }

  /** `listener` is called after each write and at the end of a run, until the result is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #open(onStored: (position: OutputPosition) => void, position: OutputPosition | undefined): OutputPosition {
    this.#plan = this.#options.plan();
    this.#codec = new RecordCodec(this.#plan.attributes);
    this.#assembler = new LineAssembler(this.#codec);
    this.#gate = new OutputGate(this.#plan.maxBufferBytes);
    this.#onStored = onStored;
    this.#received = position ?? { stdout: 0, stderr: 0 };
    this.#writer = this.#openWriter(onStored, position);
    if (this.#writer !== undefined) this.#received = this.#writer.position;
    this.startSink();
    return this.#received;
  }

  #openWriter(
    onStored: (position: OutputPosition) => void,
    position: OutputPosition | undefined,
  ): LogWriter | undefined {
    const { store } = this.#plan;
    if (this.#files === undefined || store === undefined) return undefined;
    const { clock, logger, containerId } = this.#options;
    return new LogWriter(this.#files, {
      maxFileBytes: store.maxFileBytes,
      compress: store.compress,
      clock,
      logger: logger.child({ containerId }),
      position,
      onStored: (stored) => {
        onStored(stored);
        this.#announce();
      },
    });
  }

  #store(writer: LogWriter, stream: LogStream, data: Uint8Array, position: OutputPosition): void {
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
        writer.append(this.#assembler.add(stream, part, time), this.#storedPosition());
      }
    }
  }

  #close(): void {
    this.#writer?.[Symbol.dispose]();
    this.#writer = undefined;
    if (this.#onStored === undefined) return;
    this.#onStored = undefined;
    this.#reportDropped();
    this.#announce();
  }

  #reportDropped(): void {
    const { bytes, lines } = this.#gate.dropped;
    if (bytes === 0) return;
    const { logger, containerId } = this.#options;
    logger.warn('log output was dropped: mode=non-blocking', { containerId, sizeBytes: bytes, lines });
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
    if (this.#files === undefined) return emptyCheckpoint;
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
