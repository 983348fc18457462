import { MalformedMessageError } from '../errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Reads the encoding of Protocol Buffers from front to back. Throws `MalformedMessageError`. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  tag(): { number: number; wireType: number } {
    const value = this.#length();
    const number = Math.floor(value / 8);
    if (number === 0) throw new MalformedMessageError('a field has the number 0');
    return { number, wireType: value % 8 };
  }

  /** Seven bits a byte, lowest first; 64 bits at most. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new MalformedMessageError('a number has more than ten bytes');
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const start = this.#position;
    const length = this.#length();
    const from = this.#position;
    if (length > this.#bytes.length - from) {
      throw new MalformedMessageError(`field at ${start} is longer than its message`);
    }
    this.#position = from + length;
    return this.#bytes.subarray(from, this.#position);
  }

  text(): string {
    try {
      return decoder.decode(this.bytes());
    } catch (error) {
      if (error instanceof TypeError) throw new MalformedMessageError('a text is not UTF-8');
      throw error;
    }
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#advance(8);
    else if (wireType === 2) this.bytes();
    else if (wireType === 5) this.#advance(4);
    else throw new MalformedMessageError(`unknown wire type ${wireType}`);
  }

  #advance(count: number): void {
    if (count > this.#bytes.length - this.#position) throw new MalformedMessageError('message ends early');
    this.#position += count;
  }

  #byte(): number {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) throw new MalformedMessageError('message ends early');
    this.#position += 1;
    return byte;
  }

  /** A number below 2^32, without the detour over bigint. */
  #length(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80 && value < 2 ** 32) return value;
    }
    throw new MalformedMessageError('a length is beyond 32 bits');
  }
}
