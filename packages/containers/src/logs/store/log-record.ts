import { isUtf8 } from 'node:buffer';
import { RecordDecoder } from './record-decoder.ts';
import type { LogRecord, LogStream, RecordRun } from './record-run.ts';

/** Docker's bound: a longer line is stored in parts of this many bytes. */
export const longestPartBytes: number = 16 * 1024;

const head = Buffer.from('{"log":"');
const newline = 0x0a;
const newlineBytes = Buffer.from('\n');
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

/**
 * Records of the json-file format, all with the same attributes. All that fits Docker's format is Docker's; a line that is
 * not UTF-8, which JSON cannot hold, has its bytes in a further field `raw` (base64), which other readers pass over.
 */
export class RecordCodec {
  readonly #attributes: string;
  readonly #decoder: RecordDecoder;

  constructor(attributes: Readonly<Record<string, string>> = {}) {
    const isEmpty = Object.keys(attributes).length === 0;
    this.#attributes = isEmpty ? '' : `,"attrs":${JSON.stringify(attributes)}`;
    this.#decoder = new RecordDecoder(attributes, this.#attributes);
  }

  /** Encodes whole lines: `bytes` ends with a newline. */
  encodeLines(bytes: Uint8Array, stream: LogStream, time: string): Buffer {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const ends = lineEnds(buffer);
    if (ends === undefined || !isUtf8(buffer)) return this.#encodeEach(buffer, stream, time);
    const tail = Buffer.from(`\\n${this.#tail(stream, time)}`);
    if (!needsEscapes(buffer)) return encodePlainLines(buffer, ends, tail);
    return (
      encodeEscaped(buffer, ends.length, { tail, spareBytes: buffer.length >> 2 }) ??
      encodeEscaped(buffer, ends.length, { tail, spareBytes: buffer.length * longestEscapeExtra }) ??
      this.#encodeEach(buffer, stream, time)
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
    return this.decodeAll(Buffer.concat([line, newlineBytes])).runs[0]?.records()[0];
  }

  /**
   * Reads the records that are whole in `block`, which starts with one; damaged ones are passed over. `end` is where the
   * last whole one ends. May change `block`, and the records' data are parts of it.
   */
  decodeAll(block: Buffer): { runs: RecordRun[]; end: number } {
    return this.#decoder.decodeAll(block);
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

/** Line by line: nothing has to be escaped. */
function encodePlainLines(bytes: Buffer, ends: readonly number[], tail: Buffer): Buffer {
  const between = Buffer.concat([tail, head]);
  const out = Buffer.allocUnsafeSlow(bytes.length + ends.length * (between.length - 1));
  let at = head.copy(out);
  let start = 0;
  for (const end of ends) {
    at += bytes.copy(out, at, start, end);
    at += between.copy(out, at);
    start = end + 1;
  }
  // The last line has no head behind it, which is where the room ended.
  return out;
}

/** Byte by byte. Undefined when escapes need more than `spareBytes`. */
function encodeEscaped(
  bytes: Buffer,
  lines: number,
  { tail, spareBytes }: { tail: Buffer; spareBytes: number },
): Buffer | undefined {
  const out = Buffer.allocUnsafeSlow(bytes.length + lines * (head.length + tail.length) + spareBytes);
  let spare = spareBytes;
  let at = 0;
  let isAtStart = true;
  for (const byte of bytes) {
    if (isAtStart) at += head.copy(out, at);
    isAtStart = byte === newline;
    if (isAtStart) at += tail.copy(out, at);
    else if (byte >= 0x20 && byte !== quote && byte !== backslash) out[at++] = byte;
    else {
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

/** Where the lines end; undefined when one is too long for one record. */
function lineEnds(bytes: Buffer): number[] | undefined {
  const ends: number[] = [];
  let start = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    if (end - start > longestPartBytes) return undefined;
    ends.push(end);
    start = end + 1;
  }
  return ends;
}

/**
 * True when a JSON string cannot hold the bytes as they are; newlines apart. Four bytes at a time: five times as fast as a
 * regular expression, which was a third of the work of logging.
 */
function needsEscapes(bytes: Uint8Array): boolean {
  const firstWord = -bytes.byteOffset & 3;
  if (bytes.length < firstWord + 4) return bytes.some(mustEscape);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + firstWord, (bytes.length - firstWord) >> 2);
  const afterWords = firstWord + words.length * 4;
  if (hasByteToEscape(bytes, 0, firstWord)) return true;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as number;
    const quotes = word ^ 0x22222222;
    const backslashes = word ^ 0x5c5c5c5c;
    // A byte's high bit is set when it is below 0x20, a quote or a backslash; perhaps also behind such a one.
    const found =
      ((word - 0x20202020) & ~word) |
      ((quotes - 0x01010101) & ~quotes) |
      ((backslashes - 0x01010101) & ~backslashes);
    const at = firstWord + index * 4;
    if ((found & 0x80808080) !== 0 && hasByteToEscape(bytes, at, at + 4)) return true;
  }
  return hasByteToEscape(bytes, afterWords, bytes.length);
}

function hasByteToEscape(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (mustEscape(bytes[at] as number)) return true;
  return false;
}

function mustEscape(byte: number): boolean {
  return (byte < 0x20 && byte !== newline) || byte === quote || byte === backslash;
}
