import { closeSync, read } from 'node:fs';
import type { LogSegment } from '../store/log-files.ts';
import type { RecordCodec } from '../store/log-record.ts';
import { openSegment, readBeginning } from '../store/open-segment.ts';
import type { ReadableLog } from './log-cursor.ts';

/** Holds at least one record whole, wherever it is read: a part of 16 KiB, escaped, and another one cut. */
const blockBytes = 256 * 1024;

/**
 * An offset, at the start of a record, before which nothing is of `since` (`formatTimestamp`'s form) or later. Records
 * are in order of time, so it is found by halving: a few reads, however long the log is. Up to a block of earlier
 * records may follow it. Times go back only where the clock was set back while no engine ran.
 */
export async function findSince(log: ReadableLog, since: string): Promise<number> {
  const segments = log.segments();
  let found = segments[0];
  for (const segment of segments.toReversed()) {
    if (segment.end === segment.start) continue;
    found = segment;
    const first = firstRecord(log.codec, await readBeginning(segment), 0);
    if (first !== undefined && first.time < since) break;
  }
  if (found === undefined) return 0;
  return found.compressed ? found.start : await searchFile(log.codec, found, since);
}

async function searchFile(codec: RecordCodec, segment: LogSegment, since: string): Promise<number> {
  const descriptor = await openSegment(segment);
  if (descriptor === undefined) return segment.start;
  try {
    /** Starts of records: that at `low` is too early, or the first one; `high` is behind all that are. */
    let low = 0;
    let high = segment.end - segment.start;
    while (high - low > blockBytes) {
      const middle = low + Math.floor((high - low) / 2);
      const block = await readAt(descriptor, middle);
      // The rest of a record that began before comes first.
      const start = block.indexOf(0x0a) + 1;
      const record = start === 0 ? undefined : firstRecord(codec, block, start);
      if (record === undefined || record.time >= since) high = middle;
      else low = middle + record.start;
    }
    return segment.start + low;
  } finally {
    closeSync(descriptor);
  }
}

/** The first sound record from `from` on, which is the start of one. */
function firstRecord(
  codec: RecordCodec,
  block: Buffer,
  from: number,
): { start: number; time: string } | undefined {
  let start = from;
  for (let end = block.indexOf(0x0a, start); end >= 0; end = block.indexOf(0x0a, start)) {
    const record = codec.decode(Buffer.from(block.subarray(start, end)));
    if (record !== undefined) return { start, time: record.time };
    start = end + 1;
  }
  return undefined;
}

function readAt(descriptor: number, position: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(blockBytes);
  return new Promise((resolve, reject) => {
    read(descriptor, block, 0, block.length, position, (error, count) => {
      if (error) reject(error);
      else resolve(block.subarray(0, count));
    });
  });
}
