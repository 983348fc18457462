import { closeSync, readSync } from 'node:fs';
import type { LogSegment } from '../store/log-files.ts';
import type { RecordCodec } from '../store/log-record.ts';
import { openSegment } from '../store/open-segment.ts';
import type { LogStream } from '../store/record-run.ts';
import type { ReadableLog } from './log-cursor.ts';

const blockBytes = 128 * 1024;

/**
 * The offset at which the last `lines` lines of the `wanted` streams begin. Reads backwards and only as far as needed;
 * the parts of a long line count as one. The event loop is let go between blocks.
 */
export async function findTail(
  log: ReadableLog,
  lines: number,
  wanted: (stream: LogStream) => boolean,
): Promise<number> {
  if (lines <= 0) return log.storedEnd;
  const counter = new LineCounter(log.codec, lines, wanted);
  for (const segment of log.segments().reverse()) {
    const offset = await scanSegment(segment, counter);
    if (offset !== undefined) return offset;
  }
  return log.segments()[0]?.start ?? 0;
}

/** Counts line ends while records come from last to first. */
class LineCounter {
  readonly #codec: RecordCodec;
  #left: number;
  readonly #wanted: (stream: LogStream) => boolean;
  readonly #seen = new Set<LogStream>();

  constructor(codec: RecordCodec, lines: number, wanted: (stream: LogStream) => boolean) {
    this.#codec = codec;
    this.#left = lines;
    this.#wanted = wanted;
  }

  /** True when the record belongs to a line before those that were asked for. */
  isBefore(line: Buffer): boolean {
    const record = this.#codec.decode(line);
    if (record === undefined || !this.#wanted(record.stream)) return false;
    const endsLine = record.data.at(-1) === 0x0a;
    const endsLastLine = !this.#seen.has(record.stream);
    this.#seen.add(record.stream);
    if (!endsLine && !endsLastLine) return false;
    if (this.#left === 0) return true;
    this.#left -= 1;
    return false;
  }
}

async function scanSegment(segment: LogSegment, counter: LineCounter): Promise<number | undefined> {
  const descriptor = await openSegment(segment);
  if (descriptor === undefined) return undefined;
  try {
    return await scanBackwards(descriptor, segment, counter);
  } finally {
    closeSync(descriptor);
  }
}

async function scanBackwards(
  descriptor: number,
  segment: LogSegment,
  counter: LineCounter,
): Promise<number | undefined> {
  let end = segment.end - segment.start;
  /** Bytes from `end` on that belong to a record which begins before `end`. */
  let carried: Buffer = Buffer.alloc(0);
  while (end > 0) {
    const start = Math.max(0, end - blockBytes);
    const block = Buffer.concat([readExactly(descriptor, start, end - start), carried]);
    let recordEnd = block.length;
    for (;;) {
      const newline = recordEnd < 2 ? -1 : block.lastIndexOf(0x0a, recordEnd - 2);
      if (newline < 0 && start > 0) break;
      const record = block.subarray(newline + 1, recordEnd);
      if (record.length > 1 && counter.isBefore(Buffer.from(record.subarray(0, -1)))) {
        return segment.start + start + recordEnd;
      }
      recordEnd = newline + 1;
      if (newline < 0) break;
    }
    carried = block.subarray(0, recordEnd);
    end = start;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return undefined;
}

function readExactly(descriptor: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  readSync(descriptor, buffer, 0, length, position);
  return buffer;
}
