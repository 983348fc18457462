import type { LogStream } from './store/record-run.ts';

/**
 * `mode=non-blocking`: what arrives while too much waits for the disk is dropped by whole lines, and counted. Without a
 * bound everything passes.
 */
export class OutputGate {
  readonly #maxBufferBytes: number;
  /** A line whose beginning was dropped goes to its end. */
  readonly #inDroppedLine: Record<LogStream, boolean> = { stdout: false, stderr: false };
  #droppedBytes = 0;
  #droppedLines = 0;

  constructor(maxBufferBytes: number | undefined) {
    this.#maxBufferBytes = maxBufferBytes ?? Number.POSITIVE_INFINITY;
  }

  /** True when whoever brings output never has to wait. */
  get neverWaits(): boolean {
    return Number.isFinite(this.#maxBufferBytes);
  }

  get dropped(): { bytes: number; lines: number } {
    return { bytes: this.#droppedBytes, lines: this.#droppedLines };
  }

  /** What of `data` goes into the log, and whether the line begun before it (`pendingBytes`) is dropped with the rest. */
  pass(
    stream: LogStream,
    data: Uint8Array,
    { backlogBytes, pendingBytes }: { backlogBytes: number; pendingBytes: number },
  ): { data: Uint8Array; dropsPending: boolean } {
    if (backlogBytes + data.length > this.#maxBufferBytes && backlogBytes > 0) {
      this.#drop(stream, data);
      this.#droppedBytes += pendingBytes;
      return { data: nothing, dropsPending: true };
    }
    if (!this.#inDroppedLine[stream]) return { data, dropsPending: false };
    const newline = data.indexOf(0x0a);
    const end = newline < 0 ? data.length : newline + 1;
    this.#drop(stream, data.subarray(0, end));
    return { data: data.subarray(end), dropsPending: false };
  }

  #drop(stream: LogStream, data: Uint8Array): void {
    this.#droppedBytes += data.length;
    for (let at = data.indexOf(0x0a); at >= 0; at = data.indexOf(0x0a, at + 1)) this.#droppedLines += 1;
    this.#inDroppedLine[stream] = data.at(-1) !== 0x0a;
  }
}

const nothing = new Uint8Array(0);
