import { ProtocolError, TruncatedResponseError } from '../errors.ts';
import type { ResponseHead } from './response-head.ts';
import type { SocketReader } from './socket-reader.ts';

/**
 * The body's bytes, by RFC 9112 section 6.3: none for HEAD, 204 and 304, else chunked, else by length, else until the
 * connection ends. Throws `TruncatedResponseError` when the connection ends early.
 */
export function readBody(reader: SocketReader, head: ResponseHead, method: string): AsyncGenerator<Buffer> {
  const coding = head.headers.get('transfer-encoding')?.toLowerCase();
  const length = head.headers.get('content-length');
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return readLength(reader, 0);
  if (coding === 'chunked') return readChunked(reader);
  if (coding !== undefined) throw new ProtocolError(`unknown transfer coding: ${coding}`);
  if (length === undefined) return readToEnd(reader);
  if (!/^\d{1,15}$/.test(length)) throw new ProtocolError(`malformed Content-Length: ${length}`);
  return readLength(reader, Number(length));
}

/** Everything until the connection ends; the raw side of a hijacked connection. */
export async function* readToEnd(reader: SocketReader): AsyncGenerator<Buffer> {
  for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) yield chunk;
}

async function* readLength(reader: SocketReader, lengthBytes: number): AsyncGenerator<Buffer> {
  for (let left = lengthBytes; left > 0; ) {
    const chunk = await readSome(reader, 'a response body');
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
    reader.unread(chunk.subarray(part.length));
    left -= part.length;
    yield part;
  }
}

async function* readChunked(reader: SocketReader): AsyncGenerator<Buffer> {
  for (;;) {
    const line = await readLine(reader);
    const size = /^([0-9a-fA-F]{1,8})[ \t]*(?:;|$)/.exec(line)?.[1];
    if (size === undefined) throw new ProtocolError(`malformed chunk size: ${line.slice(0, 40)}`);
    const sizeBytes = Number.parseInt(size, 16);
    if (sizeBytes === 0) break;
    yield* readLength(reader, sizeBytes);
    if ((await readLine(reader)) !== '') throw new ProtocolError('a chunk is longer than its size');
  }
  while ((await readLine(reader)) !== '');
}

const maxLineBytes = 16 * 1024;

async function readLine(reader: SocketReader): Promise<string> {
  let line: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk = await readSome(reader, 'a chunked body');
    const end = chunk.indexOf(10);
    const part = end < 0 ? chunk : chunk.subarray(0, end);
    line = line.length === 0 ? part : Buffer.concat([line, part]);
    if (line.length > maxLineBytes) throw new ProtocolError('a line of a chunked body is too long');
    if (end >= 0) {
      reader.unread(chunk.subarray(end + 1));
      return line.toString('latin1').replace(/\r$/, '');
    }
  }
}

async function readSome(reader: SocketReader, what: string): Promise<Buffer> {
  const chunk = await reader.read();
  if (chunk === undefined) throw new TruncatedResponseError(what);
  return chunk;
}
