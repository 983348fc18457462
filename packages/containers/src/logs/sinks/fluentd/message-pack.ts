/** What a forward-protocol event is made of. */
export type Packable = string | number | Uint8Array | EventTime | readonly Packable[] | PackableMap;

interface PackableMap {
  readonly [key: string]: Packable;
}

/** Fluentd's EventTime: MessagePack's extension type 0, seconds and nanoseconds as 32-bit integers. */
export class EventTime {
  readonly timeNs: bigint;

  constructor(timeNs: bigint) {
    this.timeNs = timeNs;
  }
}

/**
 * Encodes a value as MessagePack (spec of 2013-04-21). Whole numbers of at least 0 only. Bytes are given as `str`, as
 * Fluentd's clients do: a log line need not be UTF-8.
 */
export function pack(value: Packable): Buffer {
  const parts: Uint8Array[] = [];
  packInto(parts, value);
  return Buffer.concat(parts);
}

function packInto(parts: Uint8Array[], value: Packable): void {
  if (typeof value === 'string') return packText(parts, Buffer.from(value));
  if (typeof value === 'number') return void parts.push(packNumber(value));
  if (value instanceof Uint8Array) return packText(parts, value);
  if (value instanceof EventTime) return void parts.push(packTime(value));
  if (isList(value)) {
    parts.push(head(value.length, { fixed: 0x90, fixedLimit: 16, wide: 0xdc }));
    for (const item of value) packInto(parts, item);
    return;
  }
  const entries = Object.entries(value);
  parts.push(head(entries.length, { fixed: 0x80, fixedLimit: 16, wide: 0xde }));
  for (const [key, item] of entries) {
    packInto(parts, key);
    packInto(parts, item);
  }
}

function isList(value: readonly Packable[] | PackableMap): value is readonly Packable[] {
  return Array.isArray(value);
}

function packText(parts: Uint8Array[], bytes: Uint8Array): void {
  if (bytes.length >= 32 && bytes.length < 256) parts.push(Buffer.from([0xd9, bytes.length]));
  else parts.push(head(bytes.length, { fixed: 0xa0, fixedLimit: 32, wide: 0xda }));
  parts.push(bytes);
}

/** One byte for few, else the format `wide` with 16 bits, or the next one with 32. */
function head(
  count: number,
  { fixed, fixedLimit, wide }: Record<'fixed' | 'fixedLimit' | 'wide', number>,
): Buffer {
  if (count < fixedLimit) return Buffer.from([fixed | count]);
  const isShort = count < 65_536;
  const bytes = Buffer.alloc(isShort ? 3 : 5);
  bytes[0] = isShort ? wide : wide + 1;
  bytes.writeUIntBE(count, 1, isShort ? 2 : 4);
  return bytes;
}

function packNumber(value: number): Buffer {
  if (value < 128) return Buffer.from([value]);
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xcf;
  bytes.writeBigUInt64BE(BigInt(value), 1);
  return bytes;
}

function packTime({ timeNs }: EventTime): Buffer {
  const bytes = Buffer.alloc(10);
  bytes[0] = 0xd7;
  bytes.writeUInt32BE(Number(timeNs / 1_000_000_000n), 2);
  bytes.writeUInt32BE(Number(timeNs % 1_000_000_000n), 6);
  return bytes;
}
