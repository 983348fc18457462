export type LogStream = 'stdout' | 'stderr';

/** One record of a json-file log: a line with its newline, or a part of a line that is too long or has not ended. */
export interface LogRecord {
  stream: LogStream;
  /** `formatTimestamp`'s form. */
  time: string;
  data: Uint8Array;
  /** What Docker shows with `--details`: `name=value` pairs, URL-encoded, in order, between commas. */
  details: string;
}

/**
 * Records that follow one another in a log and are of one stream, where they were read: who only passes them on makes no
 * object for each.
 */
export class RecordRun {
  readonly stream: LogStream;
  readonly details: string;
  readonly buffer: Buffer;
  /** The data of record i are the buffer's bytes from `bounds[2 * i]` up to `bounds[2 * i + 1]`. */
  readonly bounds: number[] = [];
  readonly #timeOf: (end: number) => string;

  /** `timeOf` tells the time of the record whose data end there. */
  constructor(place: Pick<LogRecord, 'stream' | 'details'>, buffer: Buffer, timeOf: (end: number) => string) {
    this.stream = place.stream;
    this.details = place.details;
    this.buffer = buffer;
    this.#timeOf = timeOf;
  }

  records(): LogRecord[] {
    const { stream, details, buffer, bounds } = this;
    const records: LogRecord[] = [];
    for (let at = 0; at < bounds.length; at += 2) {
      const end = bounds[at + 1] as number;
      records.push({ stream, time: this.#timeOf(end), data: buffer.subarray(bounds[at], end), details });
    }
    return records;
  }
}
