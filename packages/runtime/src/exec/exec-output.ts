import { setImmediate as nextTurn } from 'node:timers/promises';
import { closeDescriptor, type ReadinessPoller, type ReadinessWatch, readDescriptor } from '@gantry/kernel';

export interface ExecChunk {
  stream: 'stdout' | 'stderr';
  data: Uint8Array;
}

/** What is read: non-blocking, watched by nobody else, closed by `ExecOutput`. */
export interface ExecSource {
  stream: ExecChunk['stream'];
  descriptor: number;
}

/**
 * An exec's output, straight from its pipes or its terminal: a reader that waits lets them fill. `finish` ends it when
 * the process is dead, though a process that it left behind may hold the pipes open.
 */
export class ExecOutput implements AsyncIterable<ExecChunk>, Disposable {
  /** Sources go while it is iterated, which a set allows. */
  readonly #open: Set<OpenSource>;
  readonly #rest: ExecChunk[] = [];
  #wake = Promise.withResolvers<void>();

  constructor(sources: readonly ExecSource[], poller: ReadinessPoller) {
    const onReady = (): void => this.#wake.resolve();
    this.#open = new Set(
      sources.map((source) => ({ ...source, watch: poller.watch(source.descriptor, 'readable', onReady) })),
    );
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ExecChunk> {
    let sinceTurnBytes = 0;
    for (;;) {
      this.#wake = Promise.withResolvers();
      let movedBytes = 0;
      for (const source of this.#open) {
        const data = this.#read(source);
        if (data === undefined) continue;
        movedBytes += data.length;
        yield { stream: source.stream, data };
      }
      for (let chunk = this.#rest.shift(); chunk !== undefined; chunk = this.#rest.shift()) yield chunk;
      if (this.#open.size === 0) return;
      sinceTurnBytes += movedBytes;
      if (movedBytes === 0) {
        for (const source of this.#open) source.watch.arm();
        await this.#wake.promise;
        sinceTurnBytes = 0;
      } else if (sinceTurnBytes >= turnBytes) {
        await nextTurn();
        sinceTurnBytes = 0;
      }
    }
  }

  /** Takes what is left in the pipes, at most what they hold, and closes them; a reader gets it, whenever it comes. */
  finish(): void {
    for (const source of this.#open) {
      for (let takenBytes = 0; takenBytes < restBytes; ) {
        const data = this.#read(source);
        if (data === undefined) break;
        takenBytes += data.length;
        this.#rest.push({ stream: source.stream, data });
      }
    }
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const source of this.#open) this.#close(source);
    this.#wake.resolve();
  }

  /** Undefined when there is nothing now, or nothing any more. */
  #read(source: OpenSource): Uint8Array | undefined {
    if (!this.#open.has(source)) return undefined;
    const buffer = Buffer.allocUnsafe(chunkBytes);
    const count = readDescriptor(source.descriptor, buffer);
    if (count === 'would-block') return undefined;
    if (count === 0) {
      this.#close(source);
      return undefined;
    }
    // A small piece must not keep a large buffer alive.
    return count > chunkBytes / 2 ? buffer.subarray(0, count) : Buffer.from(buffer.subarray(0, count));
  }

  #close(source: OpenSource): void {
    if (!this.#open.delete(source)) return;
    source.watch[Symbol.dispose]();
    closeDescriptor(source.descriptor);
  }
}

interface OpenSource extends ExecSource {
  watch: ReadinessWatch;
}

const chunkBytes = 64 << 10;
const turnBytes = 512 << 10;
const restBytes = 1 << 20;
