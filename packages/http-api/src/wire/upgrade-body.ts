import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { BodyAbortedError, BodyTooLargeError, InvalidRequestError } from '../errors.ts';

/** A chunk-size line with extensions, or one trailer field: nobody sends long ones. */
const maxLineBytes = 4096;

/**
 * Reads the body of an upgrade request. Node hands the socket over with the headers and does not read on (measured on
 * 24.21), so the body's bytes come raw: by Content-Length, or chunked. What follows the body is put back into the socket.
 * Both headers at once never get here: the HTTP parser refuses them.
 */
export async function readUpgradeBody(
  socket: Duplex,
  headers: IncomingHttpHeaders,
  limitBytes: number,
): Promise<Buffer> {
  const parser =
    headers['transfer-encoding'] === undefined
      ? new LengthParser(Number(headers['content-length'] ?? 0))
      : new ChunkedParser(limitBytes);
  while (!parser.done) {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) await readable(socket);
    else {
      const rest = parser.feed(chunk);
      if (rest.length > 0) socket.unshift(rest);
    }
  }
  return parser.body();
}

interface BodyParser {
  readonly done: boolean;
  /** Takes bytes; returns those after the body's end. */
  feed(chunk: Buffer): Buffer;
  body(): Buffer;
}

class LengthParser implements BodyParser {
  readonly #chunks: Buffer[] = [];
  #missing: number;

  constructor(length: number) {
    this.#missing = length;
  }

  get done(): boolean {
    return this.#missing === 0;
  }

  feed(chunk: Buffer): Buffer {
    const taken = chunk.subarray(0, this.#missing);
    this.#missing -= taken.length;
    this.#chunks.push(taken);
    return chunk.subarray(taken.length);
  }

  body(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** RFC 9112, 7.1; extensions and trailers are read over. */
class ChunkedParser implements BodyParser {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #pending: Buffer = Buffer.alloc(0);
  #state: 'size' | 'data' | 'data-end' | 'trailer' | 'done' = 'size';
  #missing = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  feed(chunk: Buffer): Buffer {
    let bytes = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    this.#pending = Buffer.alloc(0);
    while (this.#state !== 'done' && bytes.length > 0) {
      if (this.#state === 'data') {
        bytes = this.#takeData(bytes);
        continue;
      }
      const end = bytes.indexOf('\r\n');
      if (end > maxLineBytes || (end === -1 && bytes.length > maxLineBytes)) throw badChunk('line too long');
      if (end === -1) {
        this.#pending = bytes;
        return Buffer.alloc(0);
      }
      this.#takeLine(bytes.toString('latin1', 0, end));
      bytes = bytes.subarray(end + 2);
    }
    return bytes;
  }

  body(): Buffer {
    return Buffer.concat(this.#chunks, this.#size);
  }

  #takeData(bytes: Buffer): Buffer {
    const taken = bytes.subarray(0, this.#missing);
    this.#chunks.push(taken);
    this.#missing -= taken.length;
    if (this.#missing === 0) this.#state = 'data-end';
    return bytes.subarray(taken.length);
  }

  #takeLine(line: string): void {
    if (this.#state === 'data-end') {
      if (line !== '') throw badChunk('data longer than its size');
      this.#state = 'size';
    } else if (this.#state === 'trailer') {
      if (line === '') this.#state = 'done';
    } else {
      this.#takeSize(line);
    }
  }

  #takeSize(line: string): void {
    const digits = /^([0-9a-fA-F]{1,8})(?:[ \t]*;.*)?$/.exec(line)?.[1];
    if (digits === undefined) throw badChunk('size is not hexadecimal');
    this.#missing = Number.parseInt(digits, 16);
    this.#size += this.#missing;
    if (this.#size > this.#limit) throw new BodyTooLargeError(this.#limit);
    this.#state = this.#missing === 0 ? 'trailer' : 'data';
  }
}

function badChunk(reason: string): InvalidRequestError {
  return new InvalidRequestError(`malformed chunked body: ${reason}`, { code: 'bad-chunk' });
}

/** Resolves when there is something to read; throws `BodyAbortedError` when there never will be. */
function readable(socket: Duplex): Promise<void> {
  if (socket.destroyed || socket.readableEnded) return Promise.reject(new BodyAbortedError());
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      socket.off('readable', settle);
      socket.off('end', onGone);
      socket.off('close', onGone);
      resolve();
    };
    const onGone = (): void => {
      socket.off('readable', settle);
      socket.off('end', onGone);
      socket.off('close', onGone);
      reject(new BodyAbortedError());
    };
    socket.on('readable', settle);
    socket.on('end', onGone);
    socket.on('close', onGone);
  });
}
