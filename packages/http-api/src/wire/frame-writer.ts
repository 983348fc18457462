import { OutgoingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { drained } from '@gantry/http-server';
import type { FrameRun, OutputFrame } from '../backends/container-backend.ts';

const streamNumber = { stdout: 1, stderr: 2, system: 3 } as const;
const headerBytes = 8;
/** Payloads up to here are copied next to each other; larger ones go out by reference, unless they lie in a run. */
const copyBytes = 2048;
const batchBytes = 64 * 1024;
/** Room for frames: a little at first, then for a batch and the line that completes it. */
const firstRoomBytes = 4096;
const fullRoomBytes: number = batchBytes + headerBytes + 16 * 1024;
/** As many as a target holds before it wants to be drained, and one to be filled. */
const keptRooms = 3;

/**
 * Writes output frames to a socket or a response: each with Docker's header of 8 bytes (stream number, three zeros,
 * length as big-endian uint32; `stdcopy`), or bare when the stream is a terminal's. Frames that are there at the same
 * time leave in one write; nothing waits longer than a turn of the event loop. Returns when the frames end or the
 * target is closed; throws what `frames` throws, after sending what came before. Does not end the target.
 */
export async function writeFrames(
  target: Writable,
  frames: AsyncIterable<OutputFrame | readonly (OutputFrame | FrameRun)[]>,
  options: { multiplexed: boolean },
): Promise<void> {
  const batch = new FrameBatch(target, options.multiplexed);
  try {
    for await (const some of frames) {
      for (const frame of 'stream' in some ? [some] : some) {
        const run = 'bounds' in frame ? { ...frame, isLent: true } : runOf(frame);
        for (let at = 0; at < run.bounds.length; ) {
          if (target.destroyed) return;
          at = batch.add(run, at);
          if (batch.size < batchBytes) continue;
          batch.flush();
          if (target.writableNeedDrain) await drained(target);
        }
      }
      if (target.writableNeedDrain) await drained(target);
    }
  } finally {
    batch.flush();
  }
}

interface AnyRun extends Pick<FrameRun, 'buffer' | 'bounds'>, Pick<OutputFrame, 'stream'> {
  /** Its bytes are overwritten later: they are copied, however many they are. */
  isLent: boolean;
}

function runOf({ stream, data }: OutputFrame): AnyRun {
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { stream, buffer, bounds: [0, buffer.length], isLent: false };
}

class FrameBatch {
  readonly #target: Writable;
  readonly #multiplexed: boolean;
  #parts: Uint8Array[] = [];
  #size = 0;
  #roomBytes = firstRoomBytes;
  /** Where small frames are gathered, and what of it is used or already among the parts. */
  #buffer: Buffer = Buffer.alloc(0);
  #used = 0;
  #taken = 0;
  /** Full ones, among the parts or on their way; and those that were sent, to be filled again. */
  #full: Buffer[] = [];
  readonly #free: Buffer[] = [];
  #timer: NodeJS.Immediate | undefined;

  constructor(target: Writable, multiplexed: boolean) {
    this.#target = target;
    this.#multiplexed = multiplexed;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Adds frames of a run, from that whose bounds are at `from`, until the run or the batch is full. Returns where it goes
   * on, which is the number of bounds when nothing is left.
   */
  add({ stream, buffer, bounds, isLent }: AnyRun, from: number): number {
    const headers = this.#multiplexed ? headerBytes : 0;
    let at = from;
    for (; at < bounds.length && this.#size < batchBytes; at += 2) {
      const start = bounds[at] as number;
      const end = bounds[at + 1] as number;
      const length = end - start;
      if (length === 0) continue;
      const copied = isLent || length <= copyBytes;
      this.#reserve(headers + (copied ? length : 0));
      if (this.#multiplexed) this.#addHeader(stream, length);
      if (copied) {
        this.#used += buffer.copy(this.#buffer, this.#used, start, end);
      } else {
        this.#seal();
        this.#parts.push(buffer.subarray(start, end));
      }
      this.#size += headers + length;
    }
    if (this.#size > 0) this.#timer ??= setImmediate(() => this.flush());
    return at;
  }

  flush(): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
    this.#seal();
    const parts = this.#parts;
    if (parts.length === 0) return;
    this.#parts = [];
    this.#roomBytes = this.#size > firstRoomBytes ? fullRoomBytes : firstRoomBytes;
    this.#size = 0;
    // The next batch is to lie in one piece.
    if (this.#used > fullRoomBytes - batchBytes) this.#retire();
    const full = this.#full;
    this.#full = [];
    if (this.#target.destroyed || this.#target.writableEnded) return;
    this.#send(parts, () => {
      for (const room of full) if (this.#free.length < keptRooms) this.#free.push(room);
    });
  }

  #send(parts: readonly Uint8Array[], onSent: () => void): void {
    if (parts.length === 1) {
      this.#target.write(parts[0], onSent);
      return;
    }
    if (this.#target instanceof OutgoingMessage) {
      // A corked response says that it needs a drain and then never tells of one (Node 24.21).
      this.#target.write(Buffer.concat(parts), onSent);
      return;
    }
    this.#target.cork();
    for (const part of parts.slice(0, -1)) this.#target.write(part);
    this.#target.write(parts.at(-1), onSent);
    this.#target.uncork();
  }

  #addHeader(stream: OutputFrame['stream'], length: number): void {
    this.#buffer.writeUInt32BE(streamNumber[stream] << 24, this.#used);
    this.#buffer.writeUInt32BE(length, this.#used + 4);
    this.#used += headerBytes;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#buffer.length) return;
    this.#seal();
    this.#retire();
    const wanted = Math.max(bytes, this.#size === 0 ? this.#roomBytes : fullRoomBytes);
    this.#buffer = (wanted === fullRoomBytes ? this.#free.pop() : undefined) ?? Buffer.allocUnsafe(wanted);
  }

  /** Nothing is added to the buffer any more. */
  #retire(): void {
    if (this.#buffer.length === fullRoomBytes) this.#full.push(this.#buffer);
    this.#buffer = Buffer.alloc(0);
    this.#used = 0;
    this.#taken = 0;
  }

  #seal(): void {
    if (this.#used === this.#taken) return;
    this.#parts.push(this.#buffer.subarray(this.#taken, this.#used));
    this.#taken = this.#used;
  }
}
