import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@gantry/base';
import { isErrno, type ReadinessPoller } from '@gantry/kernel';
import type { DurableOutput, OutputChunk, OutputPosition } from '../container-runtime.ts';
import { OutputTakenError } from '../errors.ts';
import { DurableStream, type NextChunk } from './durable-stream.ts';
import type { OutputSource } from './output-source.ts';
import { Spool } from './spool.ts';

export interface SpooledOutputOptions {
  containerId: string;
  /** Where the spool files are. */
  directory: string;
  poller: ReadinessPoller;
  clock: Clock;
  stdout: OutputSource;
  /** Missing with a terminal. */
  stderr?: OutputSource;
  /** Resolves when init has ended. */
  ended: Promise<unknown>;
  /** All was read and released: what kept the output may go. Called once. */
  onComplete: () => void;
}

/**
 * `DurableOutput` over FIFOs and spool files. It takes bytes only when its reader asks: without a reader the FIFO fills
 * and the process waits. Up to 4 MB a stream are taken and not released.
 */
export class SpooledOutput implements DurableOutput, Disposable {
  readonly #options: SpooledOutputOptions;
  readonly #streams: ReadonlyMap<StreamName, DurableStream>;
  #wake = Promise.withResolvers<void>();
  #processEnded = false;
  /** A terminal whose other side somebody keeps open is not waited for longer than this. */
  #waitedForEnd = false;
  /** Waits in a row that were over at once. */
  #shortWaits = 0;
  #readToEnd = false;
  #reading = false;
  #complete = false;
  #disposed = false;

  constructor(options: SpooledOutputOptions) {
    this.#options = options;
    const streams = new Map<StreamName, DurableStream>();
    const watching = { poller: options.poller, onReady: () => this.#wake.resolve() };
    for (const name of streamNames) {
      const source = options[name];
      if (source === undefined) continue;
      streams.set(name, new DurableStream(source, new Spool(options.directory, `${name}.spool`), watching));
    }
    this.#streams = streams;
    void options.ended.then(() => {
      this.#processEnded = true;
      this.#wake.resolve();
    });
  }

  async *read(from: OutputPosition): AsyncGenerator<OutputChunk> {
    if (this.#reading) throw new OutputTakenError(this.#options.containerId);
    this.#reading = true;
    const position = this.#firstPosition(from);
    let sinceTurnBytes = 0;
    try {
      while (!this.#disposed) {
        // Before the streams are tried, so that what happens meanwhile is not missed.
        this.#wake = Promise.withResolvers();
        const before = position.stdout + position.stderr;
        const outcomes = new Map<DurableStream, NextChunk>();
        for (const [name, stream] of this.#streams) {
          const next = await this.#next(stream, position[name]);
          outcomes.set(stream, next);
          if (typeof next === 'string') continue;
          position[name] += next.length;
          yield { stream: name, data: next, position: { ...position } };
        }
        if ([...outcomes.values()].every((next) => next === 'ended')) {
          this.#readToEnd = true;
          this.#completeIfDone();
          return;
        }
        const moved = position.stdout + position.stderr - before;
        sinceTurnBytes = moved === 0 ? 0 : sinceTurnBytes + moved;
        if (moved === 0) await this.#waitForMore(outcomes);
        else if (sinceTurnBytes >= turnBytes) {
          // A reader that never has to wait would otherwise never let the event loop turn.
          await nextTurn();
          sinceTurnBytes = 0;
        }
      }
    } finally {
      this.#reading = false;
    }
  }

  release(upTo: OutputPosition): void {
    if (this.#disposed) return;
    for (const [name, stream] of this.#streams) stream.release(upTo[name]);
    this.#wake.resolve();
    this.#completeIfDone();
  }

  /** Gives back the descriptors and ends the reader; what was not released stays for the next engine. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#wake.resolve();
    for (const stream of this.#streams.values()) stream[Symbol.dispose]();
  }

  #firstPosition(from: OutputPosition): OutputPosition {
    const first = (name: StreamName): number =>
      Math.max(from[name], this.#streams.get(name)?.spool.start ?? from[name]);
    return { stdout: first('stdout'), stderr: first('stderr') };
  }

  /** A full disk stops the process, as a slow reader does: nothing is lost. */
  async #next(stream: DurableStream, position: number): Promise<NextChunk> {
    for (;;) {
      if (this.#disposed) return 'waiting';
      try {
        const next = stream.next(position, this.#processEnded);
        return next === 'waiting' && this.#waitedForEnd ? 'ended' : next;
      } catch (error) {
        if (!isErrno(error, 'ENOSPC', 'EDQUOT')) throw error;
        await this.#options.clock.sleep(fullDiskRetryMs);
      }
    }
  }

  /**
   * A process that writes line by line, and fast, would wake us for every few lines. Once it is known for that it gets a
   * millisecond to fill its pipe: fewer wakes, and twice the throughput. One that writes now and then is read at once.
   */
  async #waitForMore(outcomes: ReadonlyMap<DurableStream, NextChunk>): Promise<void> {
    const started = performance.now();
    await this.#wait(outcomes);
    this.#shortWaits = performance.now() - started < shortWaitMs ? this.#shortWaits + 1 : 0;
    if (this.#shortWaits > shortWaitsOfABusyProcess && !this.#processEnded) {
      await this.#options.clock.sleep(gatherMs);
    }
  }

  async #wait(outcomes: ReadonlyMap<DurableStream, NextChunk>): Promise<void> {
    const controller = new AbortController();
    let limitMs = Number.POSITIVE_INFINITY;
    for (const [stream, outcome] of outcomes) {
      if (outcome !== 'waiting' || this.#disposed) continue;
      if (stream.isSilent) limitMs = reopenCheckMs;
      else stream.arm();
      if (this.#processEnded) limitMs = endMs;
    }
    if (!Number.isFinite(limitMs)) return this.#wake.promise;
    const limit = this.#options.clock.sleep(limitMs, controller.signal).then(
      () => 'late' as const,
      () => 'woken' as const,
    );
    const outcome = await Promise.race([this.#wake.promise.then(() => 'woken' as const), limit]);
    controller.abort();
    if (outcome === 'late' && limitMs === endMs && this.#processEnded) this.#waitedForEnd = true;
  }

  #completeIfDone(): void {
    if (!this.#readToEnd || this.#complete) return;
    if (![...this.#streams.values()].every((stream) => stream.isReleased)) return;
    this.#complete = true;
    this.#options.onComplete();
  }
}

type StreamName = 'stdout' | 'stderr';

const streamNames = ['stdout', 'stderr'] as const;
const turnBytes = 512 << 10;
const fullDiskRetryMs = 200;
/** A process may close its terminal and open it again. */
const reopenCheckMs = 250;
const endMs = 1000;
const shortWaitMs = 0.5;
const shortWaitsOfABusyProcess = 16;
const gatherMs = 1;
