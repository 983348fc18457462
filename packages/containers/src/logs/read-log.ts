import type { Clock } from '@gantry/base';
import type { OutputFrame } from '../attach/output-frame.ts';
import { formatTimestamp } from '../state/timestamps.ts';
import type { ContainerLog } from './container-log.ts';
import { LogCursor } from './log-cursor.ts';
import type { LogRecord, LogStream } from './log-record.ts';
import { findTail } from './log-tail.ts';
import { Wakeup } from './wakeup.ts';

/** What a timer of Node can wait for at most. */
const longestTimerMs = 2 ** 31 - 1;

/** What of a log is read. */
export interface LogOptions {
  stdout: boolean;
  stderr: boolean;
  /** Goes on with what is logged until the run ends; a container that does not run gives what is there. */
  follow: boolean;
  timestamps: boolean;
  /** Each line gets the place where Docker puts a line's attributes; json-file has none yet. */
  details: boolean;
  /** Nanoseconds since the epoch, inclusive. */
  sinceNs?: bigint;
  untilNs?: bigint;
  /** Number of last lines; all when missing. */
  tail?: number;
  signal: AbortSignal;
}

/**
 * The frames of a log, one for each record, in the order in which they were logged. Reads from disk as fast as it is
 * asked and keeps no more than one block in memory. A reader that falls behind rotation goes on with the oldest file.
 */
export async function* readLog(
  log: ContainerLog,
  options: LogOptions,
  clock: Clock,
): AsyncGenerator<OutputFrame, void, undefined> {
  const wanted = (stream: LogStream): boolean => options[stream];
  const start = options.tail === undefined ? 0 : await findTail(log, options.tail, wanted);
  const since = options.sinceNs === undefined ? '' : formatTimestamp(options.sinceNs);
  const until = options.untilNs === undefined ? undefined : formatTimestamp(options.untilNs);
  const render = new LineRenderer(options);
  for await (const records of readRecords(log, start, options, clock)) {
    for (const record of records) {
      if (until !== undefined && record.time > until) return;
      if (options[record.stream] && record.time >= since) yield render.frame(record);
    }
  }
}

async function* readRecords(
  log: ContainerLog,
  start: number,
  options: LogOptions,
  clock: Clock,
): AsyncGenerator<LogRecord[], void, undefined> {
  using cursor = new LogCursor(log, start);
  const wakeup = new Wakeup();
  const stop = new AbortController();
  const forget = log.onChange(() => wakeup.notify());
  wakeWhenDue(wakeup, options, clock, stop.signal);
  const due = (): boolean =>
    options.signal.aborted || (options.untilNs !== undefined && clock.nowNs() > options.untilNs);
  try {
    while (!options.signal.aborted) {
      const more = options.follow && log.isOpen && !due();
      const records = await cursor.next(Number.POSITIVE_INFINITY);
      if (records !== undefined) yield records;
      else if (!more) return;
      else await wakeup.wait();
    }
  } finally {
    forget();
    stop.abort();
  }
}

function wakeWhenDue(wakeup: Wakeup, { untilNs, signal }: LogOptions, clock: Clock, stop: AbortSignal): void {
  signal.addEventListener('abort', () => wakeup.notify(), { once: true, signal: stop });
  if (untilNs === undefined) return;
  const waitMs = Number((untilNs - clock.nowNs()) / 1_000_000n) + 1;
  void clock.sleep(Math.min(Math.max(0, waitMs), longestTimerMs), stop).then(
    () => wakeup.notify(),
    () => {},
  );
}

/** Puts time and details before each line, and not before the further parts of a long one. */
class LineRenderer {
  readonly #options: LogOptions;
  readonly #inLine: Record<LogStream, boolean> = { stdout: false, stderr: false };

  constructor(options: LogOptions) {
    this.#options = options;
  }

  frame({ stream, time, data }: LogRecord): OutputFrame {
    const { timestamps, details } = this.#options;
    const continues = this.#inLine[stream];
    this.#inLine[stream] = data.at(-1) !== 0x0a;
    if (continues || (!timestamps && !details)) return { stream, data };
    const prefix = `${timestamps ? `${time} ` : ''}${details ? ' ' : ''}`;
    return { stream, data: Buffer.concat([Buffer.from(prefix, 'latin1'), data]) };
  }
}
