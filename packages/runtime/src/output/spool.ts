import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { moveBytes, type Transfer } from '@gantry/kernel';

/**
 * Output that left its FIFO and is not released yet, as files `<name>.<position of the first byte>` in the container's
 * folder. Bytes come in by splice(2) and by nothing else: what the files hold is exactly what was taken from the FIFO,
 * whenever this process dies. A released file is unlinked, so little is ever kept.
 */
export class Spool implements Disposable {
  readonly #directory: string;
  readonly #name: string;
  /** In order, without gaps; only the last one grows. */
  readonly #segments: Segment[] = [];
  /** Position behind the last byte when there is no segment. */
  #emptyAt = 0;

  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.#name = name;
    for (const start of this.#storedStarts()) {
      const descriptor = openSync(this.#path(start), constants.O_RDWR);
      this.#segments.push({ start, size: fstatSync(descriptor).size, descriptor });
    }
  }

  /** Position of the first byte that can still be read. */
  get start(): number {
    return this.#segments[0]?.start ?? this.#emptyAt;
  }

  /** Position behind the last byte: how much the process wrote that was taken so far. */
  get end(): number {
    const last = this.#segments.at(-1);
    return last === undefined ? this.#emptyAt : last.start + last.size;
  }

  /** Takes what `source` has, up to `maxBytes`. Throws `KernelError` ENOSPC; nothing is lost then. */
  fill(source: number, maxBytes: number): Transfer {
    const segment = this.#growing();
    const room = Math.min(maxBytes, segmentBytes - segment.size);
    const moved = moveBytes(source, segment.descriptor, room, segment.size);
    if (moved !== 'would-block') segment.size += moved;
    return moved;
  }

  /** Bytes from `position` on, at most `maxBytes`, at least one; undefined at the end. */
  read(position: number, maxBytes: number): Uint8Array | undefined {
    const segment = this.#segments.find(({ start, size }) => position >= start && position < start + size);
    if (segment === undefined) return undefined;
    const offset = position - segment.start;
    const data = Buffer.allocUnsafeSlow(Math.min(maxBytes, segment.size - offset));
    const count = readSync(segment.descriptor, data, { position: offset });
    return count === data.length ? data : data.subarray(0, count);
  }

  /** Forgets files that end at or before `position`. The last one stays while it may grow. */
  release(position: number): void {
    for (let first = this.#segments[0]; first !== undefined; first = this.#segments[0]) {
      const isSpent = first.start + first.size <= position;
      if (!isSpent || (this.#segments.length === 1 && first.size < idleBytes)) return;
      // The successor is there before the predecessor goes: the position survives in a file name.
      if (this.#segments.length === 1) this.#addSegment();
      this.#segments.shift();
      closeSync(first.descriptor);
      unlinkSync(this.#path(first.start));
    }
  }

  [Symbol.dispose](): void {
    this.#emptyAt = this.end;
    for (const segment of this.#segments.splice(0)) closeSync(segment.descriptor);
  }

  #growing(): Segment {
    const last = this.#segments.at(-1);
    return last === undefined || last.size >= segmentBytes ? this.#addSegment() : last;
  }

  #addSegment(): Segment {
    const start = this.end;
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
    const segment = { start, size: 0, descriptor: openSync(this.#path(start), flags, 0o600) };
    this.#segments.push(segment);
    return segment;
  }

  #storedStarts(): number[] {
    const prefix = `${this.#name}.`;
    return readdirSync(this.#directory)
      .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
      .map((name) => Number(name.slice(prefix.length)))
      .sort((a, b) => a - b);
  }

  #path(start: number): string {
    return path.join(this.#directory, `${this.#name}.${start}`);
  }
}

interface Segment {
  start: number;
  size: number;
  descriptor: number;
}

const segmentBytes = 1 << 20;
/** A released file of this size is not worth a new one. */
const idleBytes = 64 << 10;
