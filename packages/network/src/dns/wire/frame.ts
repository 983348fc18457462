const lengthBytes = 2;

/** A message as TCP carries it: after its length (RFC 1035 section 4.2.2). */
export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Takes messages out of a TCP stream. Holds one message at most, 64 kB, besides the chunk that was added. */
export class FrameReader {
  readonly #onMessage: (message: Buffer) => void;
  #chunks: Buffer[] = [];
  #heldBytes = 0;

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  /** Tells of each message that is whole now, in order. */
  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    for (let message = this.#take(); message !== undefined; message = this.#take()) this.#onMessage(message);
  }

  #take(): Buffer | undefined {
    if (this.#heldBytes < lengthBytes) return undefined;
    if ((this.#chunks[0]?.length ?? 0) < lengthBytes) this.#join();
    const wanted = lengthBytes + (this.#chunks[0]?.readUInt16BE(0) ?? 0);
    if (this.#heldBytes < wanted) return undefined;
    this.#join();
    const held = this.#chunks[0] ?? Buffer.alloc(0);
    this.#chunks = [held.subarray(wanted)];
    this.#heldBytes -= wanted;
    return held.subarray(lengthBytes, wanted);
  }

  #join(): void {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
  }
}
