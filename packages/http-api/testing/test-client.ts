import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

export interface TestResponse {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  /** The body as JSON; throws when it is none. */
  json: () => unknown;
}

export interface TestRequest {
  /** Sent as JSON when it is an object. */
  body?: unknown;
  headers?: http.OutgoingHttpHeaders;
}

/** One request on a connection of its own. */
export async function send(
  socketPath: string,
  method: string,
  path: string,
  { body, headers = {} }: TestRequest = {},
): Promise<TestResponse> {
  const isBytes = typeof body === 'string' || body instanceof Uint8Array;
  const bytes = body === undefined || isBytes ? body : JSON.stringify(body);
  const request = http.request({
    socketPath,
    method,
    path,
    agent: false,
    headers: {
      Host: 'api.moby.localhost',
      ...(body === undefined || isBytes ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
  });
  request.end(bytes);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return readResponse(response);
}

export async function readResponse(response: http.IncomingMessage): Promise<TestResponse> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as unknown,
  };
}

/** Sends a request and returns as soon as the headers are back. */
export async function open(
  socketPath: string,
  method: string,
  path: string,
  headers: http.OutgoingHttpHeaders = {},
): Promise<{ request: http.ClientRequest; response: http.IncomingMessage }> {
  const request = http.request({ socketPath, method, path, agent: false, headers });
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return { request, response };
}

/** A bare connection, for what no HTTP client would send. */
export class RawConnection implements Disposable {
  readonly socket: net.Socket;
  received: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(socketPath: string) {
    this.socket = net.connect({ path: socketPath, allowHalfOpen: true });
    this.socket.on('data', (chunk) => (this.received = Buffer.concat([this.received, chunk])));
    this.socket.on('end', () => (this.#ended = true));
    this.socket.on('close', () => (this.#ended = true));
    this.socket.on('error', () => (this.#ended = true));
  }

  write(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  /** Our end of file; the other direction goes on. */
  halfClose(): void {
    this.socket.end();
  }

  /** Resolves with everything received so far once it contains `text`; throws when the connection ends without. */
  async until(text: string): Promise<string> {
    while (!this.received.includes(text)) {
      if (this.#ended) throw new Error(`ended without ${text}: ${this.received.toString('latin1')}`);
      await this.#changed();
    }
    return this.received.toString('latin1');
  }

  /** Everything up to the server's end of file. */
  async untilEnd(): Promise<Buffer> {
    while (!this.#ended) await this.#changed();
    return this.received;
  }

  /** What follows the head of the response. */
  get body(): Buffer {
    const end = this.received.indexOf('\r\n\r\n');
    return end === -1 ? Buffer.alloc(0) : this.received.subarray(end + 4);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  async #changed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const events = ['data', 'end', 'close', 'error'] as const;
    for (const event of events) this.socket.once(event, resolve);
    await promise;
    for (const event of events) this.socket.off(event, resolve);
  }
}

/** Takes a multiplexed stream apart. */
export function demultiplex(bytes: Buffer): { stream: number; text: string }[] {
  const frames: { stream: number; text: string }[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const length = bytes.readUInt32BE(offset + 4);
    frames.push({
      stream: bytes[offset] ?? -1,
      text: bytes.toString('utf8', offset + 8, offset + 8 + length),
    });
    offset += 8 + length;
  }
  return frames;
}
