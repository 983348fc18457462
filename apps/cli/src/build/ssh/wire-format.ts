/** Reads the data types of RFC 4251: numbers, and strings with their length in front. Throws `RangeError` past the end. */
export class SshReader {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = Buffer.from(data);
  }

  byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.#take(this.uint32());
  }

  text(): string {
    return this.string().toString('utf8');
  }

  bytes(length: number): Buffer {
    return this.#take(length);
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#data.length) throw new RangeError('the data ends early');
    this.#at += length;
    return this.#data.subarray(this.#at - length, this.#at);
  }
}

export function sshUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function sshString(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([sshUint32(bytes.length), bytes]);
}

/** A number that is not negative: without zeros in front, unless its first bit says otherwise. */
export function sshInteger(magnitude: Uint8Array): Buffer {
  const start = magnitude.findIndex((byte) => byte !== 0);
  const bytes = start < 0 ? Buffer.alloc(0) : Buffer.from(magnitude.subarray(start));
  return sshString((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}
