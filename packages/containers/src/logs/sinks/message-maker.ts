import { randomUUID } from 'node:crypto';
import { parseTimestamp } from '../../state/timestamps.ts';
import type { LogRecord, LogStream } from '../store/record-run.ts';
import type { LogMessage, PartialLine } from './log-sink.ts';

/** Makes messages of a log's records, in their order: the parts of a long line are told as such. */
export class MessageMaker {
  readonly #partial: Record<LogStream, PartialLine | undefined> = { stdout: undefined, stderr: undefined };

  message({ stream, time, data }: LogRecord): LogMessage {
    const endsLine = data.at(-1) === 0x0a;
    const before = this.#partial[stream];
    const partial =
      before === undefined && endsLine
        ? undefined
        : { id: before?.id ?? randomUUID(), ordinal: (before?.ordinal ?? 0) + 1, isLast: endsLine };
    this.#partial[stream] = endsLine ? undefined : partial;
    const line = endsLine ? data.subarray(0, -1) : data;
    return { stream, timeNs: parseTimestamp(time), line, partial };
  }
}
