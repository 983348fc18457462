import { close, closeSync, fstatSync } from 'node:fs';
import type { LogSegment } from '../store/log-files.ts';
import type { RecordCodec } from '../store/log-record.ts';
import { openSegment } from '../store/open-segment.ts';
import type { LogRecord, RecordRun } from '../store/record-run.ts';
import { BlockReader } from './block-reader.ts';

/** A log as those see it who read it: its files, and how far they are written. */
export interface ReadableLog {
  readonly codec: RecordCodec;
  /** Offset up to which the log can be read. */
  readonly storedEnd: number;
  /** Offset of the first byte of the file that is being written. */
  readonly currentStart: number;
  /** True while a run writes: more may come. */
  readonly isOpen: boolean;
  /** The files that are there now, oldest first. */
  segments(): LogSegment[];
  /** `listener` is called after each write and at the end of a run, until the result is called. */
  onChange(listener: () => void): () => void;
}

interface OpenFile {
  descriptor: number;
  segment: LogSegment;
}

export interface CursorOptions {
  /** Each answer's bytes are overwritten once the next is asked for: for those who keep nothing. */
  reusesMemory?: boolean;
}

/** Reads a log's records forward from an offset, over rotation, as far as it is written. Holds one file open. */
export class LogCursor implements Disposable {
  readonly #log: ReadableLog;
  #offset: number;
  #skippedBytes = 0;
  #file: OpenFile | undefined;
  readonly #blocks: BlockReader;
  #carried: Buffer = Buffer.alloc(0);
  #disposed = false;

  /** `offset` is the start of a record; below the oldest file, it is the start of that. */
  constructor(log: ReadableLog, offset: number, { reusesMemory = false }: CursorOptions = {}) {
    this.#log = log;
    this.#offset = offset;
    this.#blocks = new BlockReader(reusesMemory);
  }

  /** Offset behind the last record that `next` returned. */
  get offset(): number {
    return this.#offset - this.#carried.length;
  }

  /** Bytes that were rotated away before they were read. */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  /** The next records, some at a time; undefined when all that is written (up to `limit`) has been read. */
  async next(limit: number): Promise<LogRecord[] | undefined> {
    return (await this.nextRuns(limit))?.flatMap((run) => run.records());
  }

  /** As `next`, for those who only pass records on. */
  async nextRuns(limit: number): Promise<RecordRun[] | undefined> {
    for (;;) {
      const file = await this.#open();
      if (file === undefined) return undefined;
      const end = Math.min(this.#endOf(file), limit);
      if (this.#offset < end) {
        const place = { position: this.#offset - file.segment.start, available: end - this.#offset };
        const { block, bytesRead } = await this.#blocks.read(file.descriptor, place, this.#carried);
        if (this.#disposed) return undefined;
        // Somebody cut the file under us: what is missing is passed over.
        if (bytesRead === 0) this.#offset = end;
        this.#offset += bytesRead;
        const runs = this.#runs(block);
        if (runs.length > 0) return runs;
      } else if (this.#isCurrent(file) || this.#offset >= limit) return undefined;
      else this.#closeFile();
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#closeFile();
  }

  async #open(): Promise<OpenFile | undefined> {
    if (this.#file !== undefined) return this.#file;
    const segments = this.#log.segments();
    const segment = segments.find(({ end }) => this.#offset < end) ?? segments.at(-1);
    if (segment === undefined) return undefined;
    const descriptor = await openSegment(segment);
    if (descriptor === undefined) return undefined;
    if (this.#disposed) {
      closeSync(descriptor);
      return undefined;
    }
    this.#file = { descriptor, segment };
    if (this.#offset < segment.start) {
      this.#skippedBytes += segment.start - this.offset;
      this.#offset = segment.start;
      this.#carried = Buffer.alloc(0);
    }
    return this.#file;
  }

  #endOf(file: OpenFile): number {
    if (this.#isCurrent(file)) return this.#log.storedEnd;
    return file.segment.start + fstatSync(file.descriptor).size;
  }

  #isCurrent(file: OpenFile): boolean {
    return file.segment.start === this.#log.currentStart;
  }

  #closeFile(): void {
    const descriptor = this.#file?.descriptor;
    this.#file = undefined;
    if (descriptor !== undefined) void this.#blocks.idle().then(() => close(descriptor));
  }

  /** Records that `block` completes; the rest waits for the next one. */
  #runs(block: Buffer): RecordRun[] {
    const { runs, end } = this.#log.codec.decodeAll(block);
    this.#carried = block.subarray(end);
    return runs;
  }
}
