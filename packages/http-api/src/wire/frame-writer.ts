import { OutgoingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { drained } from '@gantry/http-server';
import type { OutputFrame } from '../backends/container-backend.ts';

const streamNumber = { stdout: 1, stderr: 2, system: 3 } as const;
const headerBytes = 8;
/** Payloads up to here are copied next to each other; larger ones go out by reference. */
const copyBytes = 2048;
const batchBytes = 64 * 1024;
/** Room for small frames: a little at first, then for a batch and the frame that completes it. */
const firstRoomBytes = 4096;
const fullRoomBytes: number = batchBytes + headerBytes + copyBytes;

/**
 * Writes output frames to a socket or a response: each with Docker's header of 8 bytes (stream number, three zeros,
 * length as big-endian uint32; `stdcopy`), or bare when the stream is a terminal's. Frames that are there at the same
 * time leave in one write; nothing waits longer than a turn of the event loop. Returns when the frames end or the
 * target is closed; throws what `frames` throws, after sending what came before. Does not end the target.
 */
export async function writeFrames(
  target: Writable,
  frames: AsyncIterable<OutputFrame | readonly OutputFrame[]>,
  options: { multiplexed: boolean },
): Promise<void> {
  const batch = new FrameBatch(target, options.multiplexed);
  try {
    for await (const some of frames) {
      for (const frame of 'stream' in some ? [some] : some) {
        if (target.destroyed) return;
        batch.add(frame);
        if (batch.size < batchBytes) continue;
        batch.flush();
        if (target.writableNeedDrain) await drained(target);
      }
      if (target.writableNeedDrain) await drained(target);
    }
  } finally {
    batch.flush();
  }
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
  #timer: NodeJS.Immediate | undefined;

  constructor(target: Writable, multiplexed: boolean) {
    this.#target = target;
    this.#multiplexed = multiplexed;
  }

  get size(): number {
    return this.#size;
  }

  add({ stream, data }: OutputFrame): void {
    if (data.length === 0) return;
    const copied = data.length <= copyBytes;
    const header = this.#multiplexed ? headerBytes : 0;
    this.#reserve(header + (copied ? data.length : 0));
    if (this.#multiplexed) this.#addHeader(stream, data.length);
    if (copied) {
      this.#buffer.set(data, this.#used);
      this.#used += data.length;
    } else {
      this.#seal();
      this.#parts.push(data);
    }
    this.#size += header + data.length;
    this.#timer ??= setImmediate(() => this.flush());
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
    if (this.#target.destroyed || this.#target.writableEnded) return;
    if (parts.length === 1) {
      this.#target.write(parts[0]);
      return;
    }
    if (this.#target instanceof OutgoingMessage) {
      // A corked response says that it needs a drain and then never tells of one (Node 24.21).
      this.#target.write(Buffer.concat(parts));
      return;
    }
    this.#target.cork();
    for (const part of parts) this.#target.write(part);
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
    this.#buffer = Buffer.allocUnsafe(Math.max(bytes, this.#size === 0 ? this.#roomBytes : fullRoomBytes));
    this.#used = 0;
    this.#taken = 0;
  }

  #seal(): void {
    if (this.#used === this.#taken) return;
    this.#parts.push(this.#buffer.subarray(this.#taken, this.#used));
    this.#taken = this.#used;
  }
}
