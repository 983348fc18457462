import { type Clock, errorMessage, type Logger } from '@gantry/base';
import { LogCursor, type ReadableLog } from '../reading/log-cursor.ts';
import { Wakeup } from '../reading/wakeup.ts';
import type { LogRecord } from '../store/record-run.ts';
import type { LogMessage, LogSink, SinkConnection } from './log-sink.ts';
import { MessageMaker } from './message-maker.ts';
import type { SinkCheckpoint } from './sink-checkpoint.ts';

const longestWaitMs = 30_000;

export interface SinkFeederOptions {
  log: ReadableLog;
  sink: LogSink;
  checkpoint: SinkCheckpoint;
  clock: Clock;
  logger: Logger;
}

/**
 * Brings a log to its sink, at the sink's pace, from where an earlier engine stopped: the log on the disk is its queue, so
 * neither the container nor the engine's memory knows whether the receiver is there. What the log's own bounds take away
 * before it was sent is counted. Each line is sent at least once. Ends when a log that is not open was sent whole.
 */
export class SinkFeeder {
  readonly #options: SinkFeederOptions;
  readonly #closing = new AbortController();
  readonly #wakeup = new Wakeup();
  #offset: number;
  #droppedBytes = 0;
  #failures = 0;
  #running: Promise<void> | undefined;
  /** Told at each failure and at the end. */
  #onPause: (() => void) | undefined;

  constructor(options: SinkFeederOptions) {
    this.#options = options;
    this.#offset = options.checkpoint.read();
  }

  /** Bytes of the log that were dropped because the sink was away for too long. */
  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  /** Runs until all is sent; does nothing when it runs. */
  start(): void {
    if (this.#closing.signal.aborted) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      this.#onPause?.();
    });
  }

  /** True when the log has lines that were not sent. */
  get isBehind(): boolean {
    return this.#offset < this.#options.log.storedEnd;
  }

  /** The log goes: waits until all is sent, the receiver turns out to be away, or `graceMs` have passed. */
  async finish(graceMs: number): Promise<void> {
    if (this.#running !== undefined && this.#failures === 0) {
      const stop = new AbortController();
      const paused = new Promise<void>((resolve) => (this.#onPause = resolve));
      const late = this.#options.clock.sleep(graceMs, stop.signal).catch(() => {});
      await Promise.race([paused, late]);
      stop.abort();
    }
    if (this.isBehind) this.#drop(this.#options.log.storedEnd, 'the container was removed');
    await this.close();
  }

  /** Stops where it is; another feeder goes on from there. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wakeup.notify();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const forget = this.#options.log.onChange(() => this.#wakeup.notify());
    try {
      while (!signal.aborted) {
        try {
          using connection = await this.#options.sink.connect(signal);
          const closed = Promise.withResolvers<undefined>();
          signal.addEventListener('abort', () => closed.resolve(undefined), { once: true });
          if (await this.#feed(connection, closed.promise)) return;
        } catch (error) {
          if (!signal.aborted) await this.#pauseAfter(error);
        }
      }
    } catch (error) {
      const { logger, sink } = this.#options;
      logger.error('a log is no longer sent', { sink: sink.name, error: errorMessage(error) });
    } finally {
      forget();
    }
  }

  /** True when nothing is left to do; false when the connection is to be made anew. */
  async #feed(connection: SinkConnection, closed: Promise<undefined>): Promise<boolean> {
    const { log, sink, clock, checkpoint } = this.#options;
    const maker = new MessageMaker();
    using cursor = new LogCursor(log, this.#offset);
    const giveUpAtNs = sink.reconnectAfterMs && clock.nowNs() + BigInt(sink.reconnectAfterMs) * 1_000_000n;
    while (!this.#closing.signal.aborted) {
      const isOpen = log.isOpen;
      const before = cursor.skippedBytes;
      const records = await cursor.next(Number.POSITIVE_INFINITY);
      if (cursor.skippedBytes > before) this.#count(cursor.skippedBytes - before, 'the log was rotated');
      if (records === undefined) {
        if (!isOpen) return true;
        await this.#wakeup.wait();
        continue;
      }
      for (const batch of batches(records, sink.batchMessages)) {
        const messages = batch.map((record) => maker.message(record));
        if (!(await this.#send(connection, messages, closed))) return true;
      }
      this.#offset = cursor.offset;
      checkpoint.write(this.#offset);
      if (giveUpAtNs !== undefined && clock.nowNs() > giveUpAtNs) return false;
    }
    return true;
  }

  /** False when this was closed before the receiver took them. */
  async #send(
    connection: SinkConnection,
    messages: readonly LogMessage[],
    closed: Promise<undefined>,
  ): Promise<boolean> {
    const sent = connection.send(messages).then(() => true);
    const taken = await Promise.race([sent, closed]);
    if (taken !== true) sent.catch(() => {});
    else if (this.#failures > 0) this.#recovered();
    return taken === true;
  }

  async #pauseAfter(failure: unknown): Promise<void> {
    const { sink, clock, logger, log } = this.#options;
    this.#failures += 1;
    this.#onPause?.();
    const fields = { sink: sink.name, error: errorMessage(failure) };
    if (this.#failures === 1) logger.warn('the receiver of a log is away; its lines are kept', fields);
    const { firstWaitMs, limit } = sink.retry;
    if (limit !== undefined && this.#failures > limit) {
      this.#drop(log.storedEnd, `the receiver did not come back in ${limit} tries`);
    }
    const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(this.#failures - 1, 16));
    await clock.sleep(waitMs, this.#closing.signal).catch(() => {});
  }

  #recovered(): void {
    const { sink, logger } = this.#options;
    this.#failures = 0;
    logger.info('the receiver of a log is back', { sink: sink.name, droppedBytes: this.#droppedBytes });
  }

  #drop(end: number, reason: string): void {
    const { checkpoint } = this.#options;
    if (end > this.#offset) this.#count(end - this.#offset, reason);
    this.#offset = Math.max(this.#offset, end);
    checkpoint.write(this.#offset);
  }

  #count(sizeBytes: number, reason: string): void {
    this.#droppedBytes += sizeBytes;
    const { sink, logger } = this.#options;
    const droppedBytes = this.#droppedBytes;
    logger.warn('log lines were not sent', { sink: sink.name, reason, sizeBytes, droppedBytes });
  }
}

function* batches(records: readonly LogRecord[], length: number): Generator<readonly LogRecord[]> {
  for (let start = 0; start < records.length; start += length) yield records.slice(start, start + length);
}
