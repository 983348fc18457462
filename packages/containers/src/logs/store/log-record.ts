import { isUtf8 } from 'node:buffer';

export type LogStream = 'stdout' | 'stderr';

/** One record of a json-file log: a line with its newline, or a part of a line that is too long or has not ended. */
export interface LogRecord {
  stream: LogStream;
  /** `formatTimestamp`'s form. */
  time: string;
  data: Uint8Array;
  /** What Docker shows with `--details`: `name=value` pairs, URL-encoded, in order, between commas. */
  details: string;
}

/** Docker's bound: a longer line is stored in parts of this many bytes. */
export const longestPartBytes: number = 16 * 1024;

const head = Buffer.from('{"log":"');
const newline = 0x0a;
const quote = 0x22;
const backslash = 0x5c;
/** What one byte becomes at worst (`\u001b`), less the byte itself. */
const longestEscapeExtra = 5;
/** Two characters for one byte. */
const shortEscapes: ReadonlyMap<number, number> = new Map([
  [0x08, 0x62],
  [0x09, 0x74],
  [0x0c, 0x66],
  [0x0d, 0x72],
  [quote, quote],
  [backslash, backslash],
]);
const streamAt = '","stream":"'.length;
const streamBytes = 'stdout'.length;
const timeBytes = '2000-01-01T00:00:00.000000000Z'.length;

/**
 * Records of the json-file format, all with the same attributes. All that fits Docker's format is Docker's; a line that is
 * not UTF-8, which JSON cannot hold, has its bytes in a further field `raw` (base64), which other readers pass over.
 */
export class RecordCodec {
  readonly #attributes: string;
  readonly #details: string;
  /** Bytes after a line in a record that this codec wrote, its newline not counted. */
  readonly #tailBytes: number;

  constructor(attributes: Readonly<Record<string, string>> = {}) {
    const isEmpty = Object.keys(attributes).length === 0;
    this.#attributes = isEmpty ? '' : `,"attrs":${JSON.stringify(attributes)}`;
    this.#details = detailsText(attributes);
    this.#tailBytes = Buffer.byteLength(this.#tail('stdout', '2000-01-01T00:00:00.000000000Z')) - 1;
  }

  /** Encodes whole lines: `bytes` ends with a newline. */
  encodeLines(bytes: Uint8Array, stream: LogStream, time: string): Buffer {
    const isShort = bytes.length <= longestPartBytes || !hasLongLine(bytes);
    if (!isShort || !isUtf8(bytes)) return this.#encodeEach(bytes, stream, time);
    const tail = Buffer.from(`\\n${this.#tail(stream, time)}`);
    return (
      encodeShortLines(bytes, tail, bytes.length >> 2) ??
      encodeShortLines(bytes, tail, bytes.length * longestEscapeExtra) ??
      this.#encodeEach(bytes, stream, time)
    );
  }

  /** Encodes a part of a line, with or without a newline at its end, as one record. */
  encodePart(part: Uint8Array, stream: LogStream, time: string): Buffer {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    const log = JSON.stringify(bytes.toString('utf8'));
    const raw = isUtf8(bytes) ? '' : `,"raw":"${bytes.toString('base64')}"`;
    return Buffer.from(
      `{"log":${log},"stream":"${stream}"${this.#attributes},"time":"${time}"${raw}}\n`,
      'utf8',
    );
  }

  /** Reads one record (without its newline). Undefined when it is damaged. May change `line` and returns a part of it. */
  decode(line: Buffer): LogRecord | undefined {
    return this.#decodePlain(line) ?? decodeJson(line);
  }

  /** The usual record, written by `encodeLines` and without escapes: nothing is parsed or copied. */
  #decodePlain(line: Buffer): LogRecord | undefined {
    const end = line.length - this.#tailBytes;
    if (end < head.length || line[end] !== quote || line[line.length - 2] !== quote) return undefined;
    const escape = line.indexOf(backslash, head.length);
    if (escape >= 0 && escape < end && (escape !== end - 2 || line[end - 1] !== 0x6e)) return undefined;
    const tail = line.toString('latin1', end);
    const stream = tail.slice(streamAt, streamAt + streamBytes);
    if (stream !== 'stdout' && stream !== 'stderr') return undefined;
    const time = tail.slice(-timeBytes - 2, -2);
    if (
      `${tail}\n` !== this.#tailAsLatin1(stream, time) ||
      line.toString('latin1', 0, head.length) !== '{"log":"'
    ) {
      return undefined;
    }
    const isWhole = escape >= 0 && escape < end;
    if (isWhole) line[end - 2] = newline;
    return {
      stream,
      time,
      data: line.subarray(head.length, isWhole ? end - 1 : end),
      details: this.#details,
    };
  }

  #tailAsLatin1(stream: LogStream, time: string): string {
    const tail = this.#tail(stream, time);
    return this.#attributes === '' ? tail : Buffer.from(tail).toString('latin1');
  }

  #tail(stream: LogStream, time: string): string {
    return `","stream":"${stream}"${this.#attributes},"time":"${time}"}\n`;
  }

  #encodeEach(bytes: Uint8Array, stream: LogStream, time: string): Buffer {
    const records: Buffer[] = [];
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(newline, start);
      while (end - start > longestPartBytes) {
        const length = partLength(bytes.subarray(start, end));
        records.push(this.encodePart(bytes.subarray(start, start + length), stream, time));
        start += length;
      }
      records.push(this.encodePart(bytes.subarray(start, end + 1), stream, time));
      start = end + 1;
    }
    return Buffer.concat(records);
  }
}

/** The number of bytes, at most `longestPartBytes`, to cut from a longer line without breaking a UTF-8 character. */
export function partLength(bytes: Uint8Array): number {
  if (bytes.length <= longestPartBytes) return bytes.length;
  for (let back = 0; back < 4; back += 1) {
    const byte = bytes[longestPartBytes - back] ?? 0;
    if ((byte & 0xc0) !== 0x80) return longestPartBytes - back;
  }
  return longestPartBytes;
}

/** Byte by byte, which is faster than any way through strings. Undefined when escapes need more than `spareBytes`. */
function encodeShortLines(bytes: Uint8Array, tail: Uint8Array, spareBytes: number): Buffer | undefined {
  const perLine = head.length + tail.length;
  const out = Buffer.allocUnsafeSlow(bytes.length + countLines(bytes) * perLine + spareBytes);
  let spare = spareBytes;
  let at = 0;
  let isAtStart = true;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] as number;
    if (isAtStart) {
      for (let k = 0; k < head.length; k += 1) out[at++] = head[k] as number;
      isAtStart = false;
    }
    if (byte === newline) {
      for (let k = 0; k < tail.length; k += 1) out[at++] = tail[k] as number;
      isAtStart = true;
    } else if (byte >= 0x20 && byte !== quote && byte !== backslash) {
      out[at++] = byte;
    } else {
      const length = escapeByte(out, at, byte);
      spare -= length - 1;
      if (spare < longestEscapeExtra) return undefined;
      at += length;
    }
  }
  return out.subarray(0, at);
}

/** Returns how many bytes it wrote. */
function escapeByte(out: Buffer, at: number, byte: number): number {
  const short = shortEscapes.get(byte);
  out[at] = backslash;
  if (short !== undefined) {
    out[at + 1] = short;
    return 2;
  }
  return 1 + out.write(`u${byte.toString(16).padStart(4, '0')}`, at + 1, 'latin1');
}

function decodeJson(line: Buffer): LogRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { log, stream, time, raw, attrs } = value as Record<string, unknown>;
  if (typeof log !== 'string' || typeof time !== 'string') return undefined;
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const data = typeof raw === 'string' ? Buffer.from(raw, 'base64') : Buffer.from(log, 'utf8');
  return { stream, time, data, details: detailsText(attrs) };
}

/** Names and values as Go's `url.QueryEscape` has them. */
function detailsText(attributes: unknown): string {
  if (typeof attributes !== 'object' || attributes === null) return '';
  return Object.entries(attributes)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${queryEscape(name)}=${queryEscape(String(value))}`)
    .join(',');
}

function queryEscape(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1).replaceAll('*', '%2A');
}

function hasLongLine(bytes: Uint8Array): boolean {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(newline, start);
    if (end - start > longestPartBytes) return true;
    start = end + 1;
  }
  return false;
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1;
  return lines;
}
