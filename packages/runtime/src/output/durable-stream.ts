import type { ReadinessPoller, ReadinessWatch } from '@gantry/kernel';
import type { OutputSource } from './output-source.ts';
import type { Spool } from './spool.ts';

/** `waiting`: `arm` tells when it is worth trying again. `full`: a release is needed first. */
export type NextChunk = Uint8Array | 'waiting' | 'full' | 'ended';

/** stdout or stderr of one process: its source, its spool, and where the consumer is. */
export class DurableStream implements Disposable {
  readonly spool: Spool;
  readonly #source: OutputSource;
  readonly #watch: ReadinessWatch;
  #released = 0;
  /** The source said that nothing comes any more; believed once the process has ended. */
  #sourceEnded = false;

  constructor(
    source: OutputSource,
    spool: Spool,
    watching: { poller: ReadinessPoller; onReady: () => void },
  ) {
    this.#source = source;
    this.spool = spool;
    this.#watch = watching.poller.watch(source.descriptor, 'readable', watching.onReady);
  }

  /** The next bytes from `position` on. `processEnded`: nobody writes any more, so an empty source has ended. */
  next(position: number, processEnded: boolean): NextChunk {
    const stored = this.spool.read(position, chunkBytes);
    if (stored !== undefined) return stored;
    if (this.spool.end - Math.max(this.#released, this.spool.start) >= backlogBytes) return 'full';
    const moved = this.#source.moveTo(this.spool);
    if (moved !== 'would-block' && moved > 0) {
      return this.spool.read(position, chunkBytes) ?? 'waiting';
    }
    this.#sourceEnded = moved === 0;
    return processEnded && this.#source.hasEnded(moved) ? 'ended' : 'waiting';
  }

  /** Asks for one call of `onReady` when the source has more. */
  arm(): void {
    this.#watch.arm();
  }

  /** All writers are gone while the process lives: the source would always be ready, and `arm` tells nothing. */
  get isSilent(): boolean {
    return this.#sourceEnded;
  }

  release(position: number): void {
    this.#released = Math.max(this.#released, Math.min(position, this.spool.end));
    this.spool.release(this.#released);
  }

  /** Everything taken so far is released. */
  get isReleased(): boolean {
    return Math.max(this.#released, this.spool.start) >= this.spool.end;
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    this.#source[Symbol.dispose]();
    this.spool[Symbol.dispose]();
  }
}

/** One chunk to the consumer. */
const chunkBytes = 256 << 10;
/** Taken and not released: beyond it the FIFO fills, and then the process waits. */
const backlogBytes = 4 << 20;
