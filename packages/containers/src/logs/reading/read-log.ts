import type { LogOptions } from '@gantry/api-types';
import type { Clock } from '@gantry/base';
import type { FrameRun, OutputFrame } from '../../attach/output-frame.ts';
import { formatTimestamp } from '../../state/timestamps.ts';
import type { LogRecord, LogStream, RecordRun } from '../store/record-run.ts';
import { LogCursor, type ReadableLog } from './log-cursor.ts';
import { findSince } from './log-since.ts';
import { findTail } from './log-tail.ts';
import { Wakeup } from './wakeup.ts';

/** What a timer of Node can wait for at most. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * The frames of a log, one for each record, in the order in which they were logged, as many at a time as one read gave.
 * Reads from disk as fast as it is asked and keeps no more than two blocks in memory: the bytes of frames are overwritten when
 * the next are asked for. A reader that falls behind rotation goes on with the oldest file.
 */
export async function* readLog(
  log: ReadableLog,
  options: LogOptions,
  clock: Clock,
): AsyncGenerator<readonly (OutputFrame | FrameRun)[], void, undefined> {
  const since = options.sinceNs === undefined ? '' : formatTimestamp(options.sinceNs);
  const until = options.untilNs === undefined ? undefined : formatTimestamp(options.untilNs);
  const render = new LineRenderer(options);
  const isPlain = render.isPlain && since === '' && until === undefined;
  using cursor = new LogCursor(log, await firstOffset(log, options, since), { reusesMemory: isPlain });
  for await (const all of readRuns(log, cursor, options, clock)) {
    if (isPlain) {
      const runs = all.filter(({ stream }) => options[stream]);
      if (runs.length > 0) yield runs;
      continue;
    }
    const records = all.flatMap((run) => run.records());
    const ends = until === undefined ? -1 : records.findIndex(({ time }) => time > until);
    const before = ends < 0 ? records : records.slice(0, ends);
    const wanted = before.filter(({ stream, time }) => options[stream] && time >= since);
    if (wanted.length > 0) yield render.isPlain ? wanted : wanted.map((record) => render.frame(record));
    if (ends >= 0) return;
  }
}

async function firstOffset(log: ReadableLog, options: LogOptions, since: string): Promise<number> {
  const wanted = (stream: LogStream): boolean => options[stream];
  const [bySince, byTail] = await Promise.all([
    since === '' ? 0 : findSince(log, since),
    options.tail === undefined ? 0 : findTail(log, options.tail, wanted),
  ]);
  return Math.max(bySince, byTail);
}

async function* readRuns(
  log: ReadableLog,
  cursor: LogCursor,
  options: LogOptions,
  clock: Clock,
): AsyncGenerator<RecordRun[], void, undefined> {
  const wakeup = new Wakeup();
  const stop = new AbortController();
  const forget = log.onChange(() => wakeup.notify());
  wakeWhenDue(wakeup, options, clock, stop.signal);
  const due = (): boolean =>
    options.signal.aborted || (options.untilNs !== undefined && clock.nowNs() > options.untilNs);
  try {
    while (!options.signal.aborted) {
      const more = options.follow && log.isOpen && !due();
      const runs = await cursor.nextRuns(Number.POSITIVE_INFINITY);
      if (runs !== undefined) yield runs;
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

  /** Frames are records as they are. */
  get isPlain(): boolean {
    return !this.#options.timestamps && !this.#options.details;
  }

  frame({ stream, time, data, details }: LogRecord): OutputFrame {
    const withTime = this.#options.timestamps;
    const withDetails = this.#options.details;
    const continues = this.#inLine[stream];
    this.#inLine[stream] = data.at(-1) !== 0x0a;
    if (continues) return { stream, data };
    const prefix = `${withTime ? `${time} ` : ''}${withDetails ? `${details} ` : ''}`;
    return { stream, data: Buffer.concat([Buffer.from(prefix, 'utf8'), data]) };
  }
}
