import { close, closeSync, fstatSync, openSync, read } from 'node:fs';
import { isErrno } from '@gantry/kernel';
import type { ContainerLog } from './container-log.ts';
import type { LogSegment } from './log-files.ts';
import { decodeRecord, type LogRecord } from './log-record.ts';

const blockBytes = 256 * 1024;

/** Reads a log's records forward from an offset, over rotation, as far as it is written. Holds one file open. */
export class LogCursor implements Disposable {
  readonly #log: ContainerLog;
  #offset: number;
  #file: { descriptor: number; segment: LogSegment } | undefined;
  #carried: Buffer = Buffer.alloc(0);

  /** `offset` is the start of a record; below the oldest file, it is the start of that. */
  constructor(log: ContainerLog, offset: number) {
    this.#log = log;
    this.#offset = offset;
  }

  /** Offset of the next byte to be read. */
  get offset(): number {
    return this.#offset;
  }

  /** The next records, some at a time; undefined when all that is written (up to `limit`) has been read. */
  async next(limit: number): Promise<LogRecord[] | undefined> {
    for (;;) {
      const file = this.#open();
      if (file === undefined) return undefined;
      const end = Math.min(this.#endOf(file), limit);
      if (this.#offset < end) {
        const bytes = await readBlock(file.descriptor, this.#offset - file.segment.start, end - this.#offset);
        // Somebody cut the file under us: what is missing is passed over.
        if (bytes.length === 0) this.#offset = end;
        this.#offset += bytes.length;
        const records = this.#records(bytes);
        if (records.length > 0) return records;
      } else if (this.#isCurrent(file) || this.#offset >= limit) return undefined;
      else this.#closeFile();
    }
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file.descriptor);
    this.#file = undefined;
  }

  #open(): { descriptor: number; segment: LogSegment } | undefined {
    if (this.#file !== undefined) return this.#file;
    const segments = this.#log.segments();
    const segment = segments.find(({ end }) => this.#offset < end) ?? segments.at(-1);
    if (segment === undefined) return undefined;
    try {
      this.#file = { descriptor: openSync(segment.path, 'r'), segment };
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
    if (this.#offset < segment.start) {
      this.#offset = segment.start;
      this.#carried = Buffer.alloc(0);
    }
    return this.#file;
  }

  #endOf(file: { descriptor: number; segment: LogSegment }): number {
    if (this.#isCurrent(file)) return this.#log.storedEnd;
    return file.segment.start + fstatSync(file.descriptor).size;
  }

  #isCurrent(file: { segment: LogSegment }): boolean {
    return file.segment.start === this.#log.currentStart;
  }

  #closeFile(): void {
    if (this.#file !== undefined) close(this.#file.descriptor);
    this.#file = undefined;
  }

  /** Records that `bytes` complete; the rest waits for the next block. */
  #records(bytes: Buffer): LogRecord[] {
    const block = this.#carried.length === 0 ? bytes : Buffer.concat([this.#carried, bytes]);
    const records: LogRecord[] = [];
    let start = 0;
    for (let end = block.indexOf(0x0a); end >= 0; end = block.indexOf(0x0a, start)) {
      const record = decodeRecord(block.subarray(start, end));
      if (record !== undefined) records.push(record);
      start = end + 1;
    }
    this.#carried = block.subarray(start);
    return records;
  }
}

function readBlock(descriptor: number, position: number, available: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(Math.min(blockBytes, available));
  return new Promise((resolve, reject) => {
    read(descriptor, block, 0, block.length, position, (error, bytesRead) => {
      if (error) reject(error);
      else resolve(block.subarray(0, bytesRead));
    });
  });
}
