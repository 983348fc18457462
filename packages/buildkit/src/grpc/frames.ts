import { UnreadableFrameError } from '../errors.ts';

/** What BuildKit's clients take and send at most. */
export const maxMessageBytes: number = 16 * 1024 ** 2;

const headBytes = 5;

/** A message with its head: a byte that says it is not compressed, and its length. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headBytes + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, headBytes);
  return frame;
}

/** Cuts a stream of bytes into messages. Throws `UnreadableFrameError`. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Of the message that is under way; undefined before its head is here. */
  #length: number | undefined;

  /** The messages that `chunk` completes. */
  *feed(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    for (;;) {
      if (this.#length === undefined) {
        if (this.#buffered < headBytes) return;
        this.#length = lengthOf(this.#take(headBytes));
      }
      if (this.#buffered < this.#length) return;
      const message = this.#take(this.#length);
      this.#length = undefined;
      yield message;
    }
  }

  /** Throws when a message has begun. */
  end(): void {
    if (this.#buffered > 0 || this.#length !== undefined)
      throw new UnreadableFrameError('the stream ends within a message');
  }

  #take(count: number): Buffer {
    const [first] = this.#chunks;
    const all = first !== undefined && first.length >= count ? first : Buffer.concat(this.#chunks);
    if (all !== first) this.#chunks = [all];
    if (all.length === count) this.#chunks.shift();
    else this.#chunks[0] = all.subarray(count);
    this.#buffered -= count;
    return all.subarray(0, count);
  }
}

function lengthOf(head: Buffer): number {
  if (head[0] !== 0) throw new UnreadableFrameError('compressed messages are not taken');
  const length = head.readUInt32BE(1);
  if (length > maxMessageBytes)
    throw new UnreadableFrameError(`received message larger than max (${length} vs. ${maxMessageBytes})`);
  return length;
}
