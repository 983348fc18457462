import { SignatureFault } from '../errors.ts';

/** A value of CBOR (RFC 8949) as COSE needs it: no floating-point numbers but as times nobody wants, no indefinite lengths. */
export type CborValue = number | string | boolean | null | Uint8Array | CborValue[] | CborMap | CborTagged;

export class CborMap extends Map<number | string, CborValue> {}

export class CborTagged {
  readonly tag: number;
  readonly value: CborValue;

  constructor(tag: number, value: CborValue) {
    this.tag = tag;
    this.value = value;
  }
}

const maxDepth = 16;

/** Decodes one value that takes all the bytes. Throws `SignatureFault` for anything else, and for a map that names a key twice. */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const decoder = new Decoder(bytes);
  const value = decoder.value(0);
  if (!decoder.isAtEnd) throw malformed('something follows it');
  return value;
}

class Decoder {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(depth: number): CborValue {
    if (depth > maxDepth) throw malformed('it is nested too deeply');
    const head = this.#take(1)[0] ?? 0;
    const major = head >> 5;
    if (major === 7) return simple(head & 0x1f);
    const argument = this.#argument(head & 0x1f);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return this.#take(argument);
      case 3:
        return this.#take(argument).toString('utf8');
      case 4:
        return this.#list(argument, depth);
      case 5:
        return this.#map(argument, depth);
      default:
        return new CborTagged(argument, this.value(depth + 1));
    }
  }

  /** Each item takes a byte at least: no length makes more of them than there are bytes. */
  #list(length: number, depth: number): CborValue[] {
    const items: CborValue[] = [];
    for (let index = 0; index < length; index += 1) items.push(this.value(depth + 1));
    return items;
  }

  #map(length: number, depth: number): CborMap {
    const map = new CborMap();
    for (let index = 0; index < length; index += 1) {
      const key = this.value(depth + 1);
      if (typeof key !== 'number' && typeof key !== 'string')
        throw malformed('it has a key that is no label');
      if (map.has(key)) throw malformed(`it has the key ${key} twice`);
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  #argument(information: number): number {
    if (information < 24) return information;
    if (information === 24) return this.#take(1).readUInt8();
    if (information === 25) return this.#take(2).readUInt16BE();
    if (information === 26) return this.#take(4).readUInt32BE();
    if (information !== 27) throw malformed('it has a length that is not said');
    const large = Number(this.#take(8).readBigUInt64BE());
    if (!Number.isSafeInteger(large)) throw malformed('it has a number that is too large');
    return large;
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw malformed('it ends early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function simple(information: number): boolean | null {
  if (information === 20 || information === 21) return information === 21;
  if (information === 22) return null;
  throw malformed('it has a value that COSE does not have');
}

function malformed(problem: string): SignatureFault {
  return new SignatureFault(`its COSE signature is malformed: ${problem}`);
}
