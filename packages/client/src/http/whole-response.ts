import type { Connection } from '../connection.ts';
import { ProtocolError, TruncatedResponseError } from '../errors.ts';
import { type HttpRequest, sendRequest } from './exchange.ts';
import { maxHeadBytes, parseHead, type ResponseHead } from './response-head.ts';

/** A response with its body in memory. */
export interface WholeResponse extends ResponseHead {
  readonly body: Buffer;
}

/**
 * One request whose answer is small: sends it, gathers what comes and reads it at once. The same protocol as `exchange`,
 * by a shorter way, since this is what a command line does first and nearly all it does. Closes the socket.
 */
export function exchangeWhole(
  socket: Connection,
  request: HttpRequest,
  maxBytes: number,
): Promise<WholeResponse> {
  return new Promise((resolve, reject) => {
    const gathering = new Gathering(request.method, maxBytes);
    const step = (work: () => WholeResponse | undefined): void => {
      try {
        const response = work();
        if (response === undefined) return;
        resolve(response);
        // Takes half a millisecond of a program that has just begun: whoever waits for the answer goes first.
        setImmediate(() => socket.destroy());
      } catch (error) {
        socket.destroy();
        reject(error);
      }
    };
    socket.on('data', (chunk: Buffer) => step(() => gathering.add(chunk)));
    socket.on('end', () => step(() => gathering.end()));
    socket.on('error', reject);
    socket.on('close', () => reject(new TruncatedResponseError('a response')));
    void sendRequest(socket, request);
  });
}

type Framing = { kind: 'length'; lengthBytes: number } | { kind: 'chunked' } | { kind: 'to-end' };

/** The bytes of a response so far. */
class Gathering {
  readonly #method: string;
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  #head: ResponseHead | undefined;
  #framing: Framing | undefined;
  #tail = '';

  constructor(method: string, maxBytes: number) {
    this.#method = method;
    this.#maxBytes = maxBytes;
  }

  /** The response when these bytes complete it. */
  add(chunk: Buffer): WholeResponse | undefined {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > this.#maxBytes) {
      throw new ProtocolError(`the answer is larger than ${this.#maxBytes} bytes`);
    }
    this.#tail = (
      this.#tail + chunk.toString('latin1', Math.max(0, chunk.length - endOfChunks.length))
    ).slice(-endOfChunks.length);
    while (this.#head === undefined && this.#takeHead());
    return this.#head === undefined ? undefined : this.#takeBody(this.#head, false);
  }

  /** The response, when the connection's end completes it. Throws when it is cut off. */
  end(): WholeResponse | undefined {
    if (this.#head === undefined) throw new TruncatedResponseError('the response head');
    return this.#takeBody(this.#head, true);
  }

  /** True when one head was read, of which an informational one is dropped. */
  #takeHead(): boolean {
    const bytes = this.#joined();
    if (bytes.length >= 5 && bytes.toString('latin1', 0, 5) !== 'HTTP/') {
      throw new ProtocolError('the answer is not HTTP');
    }
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0 ? bytes.length > maxHeadBytes : end > maxHeadBytes) {
      throw new ProtocolError(`the response head is larger than ${maxHeadBytes} bytes`);
    }
    if (end < 0) return false;
    const head = parseHead(bytes.toString('latin1', 0, end));
    this.#chunks = [bytes.subarray(end + 4)];
    this.#sizeBytes = bytes.length - end - 4;
    if (head.status >= 200) {
      this.#head = head;
      this.#framing = framingOf(head, this.#method);
    }
    return true;
  }

  #takeBody(head: ResponseHead, ended: boolean): WholeResponse | undefined {
    const framing = this.#framing;
    if (framing?.kind === 'length' && this.#sizeBytes >= framing.lengthBytes) {
      return { ...head, body: this.#joined().subarray(0, framing.lengthBytes) };
    }
    if (framing?.kind === 'to-end' && ended) return { ...head, body: this.#joined() };
    // A long body is looked through only when it may be whole; a short one always, to fail early.
    const mayBeWhole = ended || this.#tail === endOfChunks || this.#sizeBytes <= 2 * maxLineBytes;
    if (framing?.kind === 'chunked' && mayBeWhole) {
      const body = decodeChunks(this.#joined());
      if (body !== undefined) return { ...head, body };
    }
    if (ended)
      throw new TruncatedResponseError(framing?.kind === 'chunked' ? 'a chunked body' : 'a response body');
    return undefined;
  }

  #joined(): Buffer {
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }
}

const endOfChunks = '\r\n\r\n';

function framingOf({ status, headers }: ResponseHead, method: string): Framing {
  const coding = headers.get('transfer-encoding');
  const length = headers.get('content-length');
  if (method === 'HEAD' || status === 204 || status === 304) return { kind: 'length', lengthBytes: 0 };
  if (coding?.toLowerCase() === 'chunked') return { kind: 'chunked' };
  if (coding !== undefined) throw new ProtocolError(`unknown transfer coding: ${coding}`);
  if (length === undefined) return { kind: 'to-end' };
  const lengthBytes = Number(length);
  if (length === '' || !Number.isSafeInteger(lengthBytes) || lengthBytes < 0) {
    throw new ProtocolError(`malformed Content-Length: ${length}`);
  }
  return { kind: 'length', lengthBytes };
}

/** Undefined while the last chunk is not there. */
function decodeChunks(bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\n', at);
    if (lineEnd < 0) {
      if (bytes.length - at > maxLineBytes) throw new ProtocolError('a line of a chunked body is too long');
      return undefined;
    }
    const sizeBytes = chunkSize(bytes.toString('latin1', at, lineEnd));
    at = lineEnd + 1;
    if (sizeBytes === 0) return trailersEnd(bytes, at) ? Buffer.concat(chunks) : undefined;
    if (bytes.length < at + sizeBytes + 2) return undefined;
    chunks.push(bytes.subarray(at, at + sizeBytes));
    at += sizeBytes;
    if (bytes[at] !== 13 || bytes[at + 1] !== 10) throw new ProtocolError('a chunk is longer than its size');
    at += 2;
  }
}

const maxLineBytes = 16 * 1024;

function chunkSize(line: string): number {
  const digits = (line.split(';')[0] ?? '').trim();
  const sizeBytes = Number(`0x${digits}`);
  if (digits.length > 8 || !Number.isSafeInteger(sizeBytes)) {
    throw new ProtocolError(`malformed chunk size: ${line.slice(0, 40)}`);
  }
  return sizeBytes;
}

function trailersEnd(bytes: Buffer, at: number): boolean {
  return bytes.toString('latin1', at, at + 2) === '\r\n' || bytes.indexOf('\r\n\r\n', at) >= 0;
}
