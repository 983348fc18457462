/** Marks an attribute that holds attributes; part of its type (netlink(7), `NLA_F_NESTED`). */
const nestedFlag = 0x8000;
const typeMask = 0x3fff;
const headerBytes = 4;

/** One netlink attribute with its padding: `struct nlattr`, then the payload, up to the next multiple of four. */
export function attribute(type: number, payload: Uint8Array): Buffer {
  const lengthBytes = headerBytes + payload.length;
  const encoded = Buffer.alloc((lengthBytes + 3) & ~3);
  encoded.writeUInt16LE(lengthBytes, 0);
  encoded.writeUInt16LE(type, 2);
  encoded.set(payload, headerBytes);
  return encoded;
}

/** An attribute that holds attributes. */
export function nested(type: number, ...children: readonly Uint8Array[]): Buffer {
  return attribute(type | nestedFlag, Buffer.concat(children));
}

export function uint8(type: number, value: number): Buffer {
  return attribute(type, Buffer.from([value]));
}

/** In the byte order of the host, as rtnetlink wants its numbers. */
export function uint32(type: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32LE(value >>> 0);
  return attribute(type, payload);
}

/** In network byte order, as nfnetlink wants its numbers. */
export function uint16be(type: number, value: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(value);
  return attribute(type, payload);
}

/** In network byte order, as nfnetlink wants its numbers. */
export function uint32be(type: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value >>> 0);
  return attribute(type, payload);
}

/** In network byte order, as nfnetlink wants its numbers. */
export function uint64be(type: number, value: bigint): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeBigUInt64BE(value);
  return attribute(type, payload);
}

/** A NUL-terminated string. */
export function text(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`));
}

/**
 * The attributes in `payload` by type, without copying. Of a type that comes twice the last one is kept; what is
 * shorter than it claims to be ends the reading.
 */
export function readAttributes(payload: Buffer): Map<number, Buffer> {
  return new Map(listAttributes(payload));
}

/** As `readAttributes`, each with its type, in their order: of a list all have the same. */
export function* listAttributes(payload: Buffer): Generator<[type: number, value: Buffer]> {
  let offset = 0;
  while (offset + headerBytes <= payload.length) {
    const lengthBytes = payload.readUInt16LE(offset);
    if (lengthBytes < headerBytes || offset + lengthBytes > payload.length) return;
    const type = payload.readUInt16LE(offset + 2) & typeMask;
    yield [type, payload.subarray(offset + headerBytes, offset + lengthBytes)];
    offset += (lengthBytes + 3) & ~3;
  }
}

/** The string in an attribute, without its NUL. */
export function readText(payload: Buffer): string {
  const end = payload.indexOf(0);
  return payload.toString('utf8', 0, end < 0 ? payload.length : end);
}
