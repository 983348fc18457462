import type { Connection } from '../connection.ts';
import { readBody, readToEnd } from './response-body.ts';
import { type ResponseHead, readResponseHead } from './response-head.ts';
import { SocketReader } from './socket-reader.ts';

/** A body: text or bytes are sent with their length, a stream is sent in chunks. */
export type RequestBody = string | Uint8Array | AsyncIterable<Uint8Array>;

export interface HttpRequest {
  readonly method: string;
  /** Path and query, already encoded. */
  readonly target: string;
  /** Several values of one name are a line each. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: RequestBody | undefined;
  /** Asks for a raw two-way stream in which this protocol is spoken: `tcp`, `h2c`. */
  readonly upgrade?: string | undefined;
}

export interface HttpResponse extends ResponseHead {
  /** Raw bytes when the connection was upgraded, else the decoded body. Reading to the end, or stopping, closes the connection. */
  readonly body: AsyncIterable<Buffer>;
  readonly socket: Connection;
  /** Closes the connection, whatever is left to read. Idempotent. */
  close(): void;
  /** Leaves the socket, of a connection that was upgraded, to the caller; returns what has come through it since the head. */
  release(): readonly Buffer[];
}

/**
 * One request and its response on a fresh socket, connected or about to be, which belongs to the response from here on.
 * A failure to connect rejects with the system's error. The answer is
 * awaited while a streamed body is still being sent, so an early refusal is seen and ends the sending.
 */
export async function exchange(socket: Connection, request: HttpRequest): Promise<HttpResponse> {
  const reader = new SocketReader(socket);
  try {
    const sending = sendRequest(socket, request);
    const reading = readResponseHead(reader);
    const head =
      sending === undefined ? await reading : await Promise.race([reading, neverUnlessFails(sending)]);
    const raw = request.upgrade !== undefined && (head.status === 101 || head.status === 200);
    if (!raw && head.status >= 400) stopSending(socket, request);
    const body = raw ? readToEnd(reader) : readBody(reader, head, request.method);
    const close = (): void => void socket.destroy();
    return { ...head, body: closingAfter(body, close), socket, close, release: () => reader.release() };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Writes a request; the promise is of a streamed body, everything else is written at once. */
export function sendRequest(
  socket: Connection,
  { method, target, headers, body, upgrade }: HttpRequest,
): Promise<void> | undefined {
  const lines = [`${method} ${target} HTTP/1.1`];
  for (const [name, values] of Object.entries(headers)) {
    for (const value of [values].flat()) lines.push(`${name}: ${oneLine(value)}`);
  }
  lines.push(upgrade === undefined ? 'Connection: close' : `Connection: Upgrade\r\nUpgrade: ${upgrade}`);
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    const lengthBytes = typeof body === 'string' ? Buffer.byteLength(body) : (body?.length ?? 0);
    if (lengthBytes > 0 || method === 'POST' || method === 'PUT') {
      lines.push(`Content-Length: ${lengthBytes}`);
    }
    const head = `${lines.join('\r\n')}\r\n\r\n`;
    socket.write(typeof body === 'string' ? head + body : head);
    if (body instanceof Uint8Array && lengthBytes > 0) socket.write(body);
    return undefined;
  }
  lines.push('Transfer-Encoding: chunked');
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return sendChunks(socket, body);
}

async function sendChunks(socket: Connection, body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of body) {
    if (socket.destroyed || !socket.writable) return;
    if (chunk.length > 0) await writeChunk(socket, chunk);
  }
  socket.write('0\r\n\r\n');
}

function writeChunk(socket: Connection, chunk: Uint8Array): Promise<void> | void {
  socket.cork();
  socket.write(`${chunk.length.toString(16)}\r\n`);
  socket.write(chunk);
  const free = socket.write('\r\n');
  socket.uncork();
  return free ? undefined : drained(socket);
}

/** Resolves when the socket takes more, or will never. */
export function drained(socket: Connection): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}

/** A value that would begin another header is made harmless. */
function oneLine(value: string): string {
  return value.includes('\n') || value.includes('\r') ? value.replace(/[\r\n]+/g, ' ') : value;
}

/** A source that fails must fail the exchange; one that ends says nothing. */
function neverUnlessFails(sending: Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    sending.catch(reject);
  });
}

function stopSending(socket: Connection, request: HttpRequest): void {
  if (request.body !== undefined && typeof request.body !== 'string') socket.end();
}

async function* closingAfter(body: AsyncIterable<Buffer>, close: () => void): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } finally {
    close();
  }
}
