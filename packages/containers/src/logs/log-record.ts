import { isUtf8 } from 'node:buffer';

export type LogStream = 'stdout' | 'stderr';

/** One record of a json-file log: a line with its newline, or a part of a line that is too long or has not ended. */
export interface LogRecord {
  stream: LogStream;
  /** `formatTimestamp`'s form. */
  time: string;
  data: Uint8Array;
}

/** Docker's bound: a longer line is stored in parts of this many bytes. */
export const longestPartBytes: number = 16 * 1024;

/** What a JSON string cannot hold as it is. */
const escaped = /["\\\u0000-\u0009\u000b-\u001f]/;

const head = '{"log":"';
const tailLength = `","stream":"stdout","time":"2000-01-01T00:00:00.000000000Z"}`.length;

/**
 * Encodes whole lines (`bytes` ends with a newline) as json-file records. All that fits Docker's format is Docker's;
 * a line that is not UTF-8, which JSON cannot hold, has its bytes in a further field `raw` (base64).
 */
export function encodeLines(bytes: Uint8Array, stream: LogStream, time: string): Buffer {
  if (!isUtf8(bytes)) return encodeBytes(bytes, stream, time);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const tail = recordTail(stream, time);
  const isPlain = !escaped.test(text);
  const firstNewline = text.indexOf('\n');
  if (isPlain && Math.max(firstNewline, text.length - firstNewline) <= longestPartBytes) {
    // No line can be too long: one replacement makes all records.
    const records = text.slice(0, -1).replaceAll('\n', `\\n${tail}${head}`);
    return Buffer.from(`${head}${records}\\n${tail}`, 'utf8');
  }
  return encodeEach(text, tail, isPlain ? (line) => line : escape);
}

function encodeEach(text: string, tail: string, encode: (line: string) => string): Buffer {
  let records = '';
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    while (newline - start > longestPartBytes) {
      const end = characterBoundary(text, start + longestPartBytes);
      records += `${head}${encode(text.slice(start, end))}${tail}`;
      start = end;
    }
    records += `${head}${encode(text.slice(start, newline))}\\n${tail}`;
    start = newline + 1;
  }
  return Buffer.from(records, 'utf8');
}

/** Encodes a part of a line, without a newline, as one record. */
export function encodePart(part: Uint8Array, stream: LogStream, time: string): Buffer {
  const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  const log = JSON.stringify(bytes.toString('utf8'));
  const raw = isUtf8(bytes) ? '' : `,"raw":"${bytes.toString('base64')}"`;
  return Buffer.from(`{"log":${log},"stream":"${stream}","time":"${time}"${raw}}\n`, 'utf8');
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

/** Reads one record (without its newline). Undefined when it is damaged. May change `line` and returns a part of it. */
export function decodeRecord(line: Buffer): LogRecord | undefined {
  return decodePlain(line) ?? decodeJson(line);
}

/** The usual record, written by `encodeLines` and without escapes: nothing is parsed or copied. */
function decodePlain(line: Buffer): LogRecord | undefined {
  const end = line.length - tailLength;
  if (end < head.length || line.toString('latin1', 0, head.length) !== head) return undefined;
  const tail = line.toString('latin1', end);
  if (!tail.startsWith('","stream":"std') || !tail.startsWith('","time":"', 18) || !tail.endsWith('Z"}')) {
    return undefined;
  }
  const stream = tail.slice(12, 18);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const body = line.subarray(head.length, end);
  const escape = body.indexOf(0x5c);
  const time = tail.slice(28, -2);
  if (escape < 0) return { stream, time, data: body };
  if (escape !== body.length - 2 || body[escape + 1] !== 0x6e) return undefined;
  body[escape] = 0x0a;
  return { stream, time, data: body.subarray(0, escape + 1) };
}

function decodeJson(line: Buffer): LogRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { log, stream, time, raw } = value as Record<string, unknown>;
  if (typeof log !== 'string' || typeof time !== 'string') return undefined;
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const data = typeof raw === 'string' ? Buffer.from(raw, 'base64') : Buffer.from(log, 'utf8');
  return { stream, time, data };
}

function encodeBytes(bytes: Uint8Array, stream: LogStream, time: string): Buffer {
  const records: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start);
    while (newline - start > longestPartBytes) {
      const length = partLength(bytes.subarray(start, newline));
      records.push(encodePart(bytes.subarray(start, start + length), stream, time));
      start += length;
    }
    records.push(encodePart(bytes.subarray(start, newline + 1), stream, time));
    start = newline + 1;
  }
  return Buffer.concat(records);
}

function recordTail(stream: LogStream, time: string): string {
  return `","stream":"${stream}","time":"${time}"}\n`;
}

function escape(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** `index`, or one less when it would part a surrogate pair. */
function characterBoundary(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code >= 0xdc00 && code <= 0xdfff ? index - 1 : index;
}
