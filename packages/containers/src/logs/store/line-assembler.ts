import { longestPartBytes, partLength, type RecordCodec } from './log-record.ts';
import type { LogStream } from './record-run.ts';

const none = Buffer.alloc(0);

/**
 * Turns output as it arrives into log records. What follows the last newline is kept, at most 16 KiB a stream, until
 * its newline comes, it grows too long, or the output ends.
 */
export class LineAssembler {
  readonly #codec: RecordCodec;
  readonly #pending: Record<LogStream, Buffer> = { stdout: none, stderr: none };

  constructor(codec: RecordCodec) {
    this.#codec = codec;
  }

  /** Bytes that were given and are in no record yet. */
  pending(stream: LogStream): Uint8Array {
    return this.#pending[stream];
  }

  /** Forgets the beginning of a line that is kept. */
  discard(stream: LogStream): void {
    this.#pending[stream] = none;
  }

  /** Returns the records that became whole, encoded; may be empty. */
  add(stream: LogStream, data: Uint8Array, time: string): Buffer {
    const newline = data.lastIndexOf(0x0a);
    const before = this.#pending[stream];
    if (newline < 0) {
      this.#pending[stream] = Buffer.concat([before, data]);
      return this.#overflow(stream, time, none);
    }
    const whole = data.subarray(0, newline + 1);
    const records = this.#codec.encodeLines(
      before.length === 0 ? whole : Buffer.concat([before, whole]),
      stream,
      time,
    );
    this.#pending[stream] = Buffer.from(data.subarray(newline + 1));
    return this.#overflow(stream, time, records);
  }

  /** The output has ended: what is kept becomes records without a newline. */
  end(time: string): Buffer {
    const records = (['stdout', 'stderr'] as const).flatMap((stream) => {
      const pending = this.#pending[stream];
      this.#pending[stream] = none;
      return pending.length === 0 ? [] : [this.#codec.encodePart(pending, stream, time)];
    });
    return Buffer.concat(records);
  }

  #overflow(stream: LogStream, time: string, records: Buffer): Buffer {
    let pending = this.#pending[stream];
    if (pending.length < longestPartBytes) return records;
    const all = [records];
    while (pending.length >= longestPartBytes) {
      const length = partLength(pending);
      all.push(this.#codec.encodePart(pending.subarray(0, length), stream, time));
      pending = pending.subarray(length);
    }
    this.#pending[stream] = Buffer.from(pending);
    return Buffer.concat(all);
  }
}
