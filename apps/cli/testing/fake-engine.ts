import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface RecordedRequest {
  readonly method: string;
  /** Empty without a prefix. */
  readonly version: string;
  /** Without the version prefix and the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What a route answers: JSON with a status, or whatever it does to the response by itself. */
export type Reply = { status?: number; json?: unknown; text?: string; type?: string } | 'handled';

type Route = (
  request: RecordedRequest,
  response: ServerResponse,
  match: RegExpExecArray,
) => Reply | Promise<Reply>;
type Hijack = (socket: Socket, request: RecordedRequest) => void;

/**
 * A server on a unix socket that answers the Engine API as a test says, for this CLI and the real `docker` alike.
 * Unknown routes get Docker's 404. Everything that was asked is in `requests`.
 */
export class FakeEngine implements AsyncDisposable {
  readonly requests: RecordedRequest[] = [];
  /** What every answer announces. */
  apiVersion: string = '1.51';
  readonly directory: string = mkdtempSync(path.join(tmpdir(), 'gantry-cli-test-'));
  readonly socketPath: string = path.join(this.directory, 'engine.sock');
  readonly #routes: { method: string; pattern: RegExp; route: Route }[] = [];
  readonly #hijacks: { pattern: RegExp; hijack: Hijack }[] = [];
  readonly #server: Server;
  readonly #hijacked = new Set<Socket>();

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
  }

  static async start(): Promise<FakeEngine> {
    const engine = new FakeEngine();
    await new Promise<void>((resolve) => engine.#server.listen(engine.socketPath, resolve));
    return engine;
  }

  get host(): string {
    return `unix://${this.socketPath}`;
  }

  /** `pattern` is matched against the whole path without the version. Later routes win. */
  on(method: string, pattern: RegExp | string, route: Route | Reply): this {
    const expression = typeof pattern === 'string' ? new RegExp(`^${escape(pattern)}$`) : pattern;
    this.#routes.unshift({
      method,
      pattern: expression,
      route: typeof route === 'function' ? route : () => route,
    });
    return this;
  }

  /** Takes the connection over after a 101. */
  onHijack(pattern: RegExp | string, hijack: Hijack): this {
    this.#hijacks.push({
      pattern: typeof pattern === 'string' ? new RegExp(`^${escape(pattern)}$`) : pattern,
      hijack,
    });
    return this;
  }

  /** The requests to a path. */
  to(requestPath: string): RecordedRequest[] {
    return this.requests.filter(({ path: asked }) => asked === requestPath);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    for (const socket of this.#hijacked) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const recorded = await record(request);
    this.requests.push(recorded);
    response
      .setHeader('Api-Version', this.apiVersion)
      .setHeader('Ostype', 'linux')
      .setHeader('Server', 'Gantry/test');
    if (recorded.path === '/_ping') return void response.end();
    for (const { method, pattern, route } of this.#routes) {
      const match = pattern.exec(recorded.path);
      if (method !== recorded.method || match === null) continue;
      const reply = await route(recorded, response, match);
      if (reply !== 'handled') send(response, reply);
      return;
    }
    send(response, { status: 404, json: { message: 'page not found' } });
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const recorded = describe(request, head.toString());
    this.requests.push(recorded);
    const found = this.#hijacks.find(({ pattern }) => pattern.test(recorded.path));
    if (found === undefined) {
      socket.end(
        'HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 22\r\n\r\n{"message":"no hijack"}',
      );
      return;
    }
    socket.on('error', () => {});
    this.#hijacked.add(socket);
    socket.write(
      'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
    );
    found.hijack(socket, recorded);
  }
}

/** One frame of the multiplexed stream. */
export function frame(stream: 1 | 2 | 3, text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

async function record(request: IncomingMessage): Promise<RecordedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return describe(request, Buffer.concat(chunks).toString());
}

function describe(request: IncomingMessage, body: string): RecordedRequest {
  const url = new URL(request.url ?? '/', 'http://engine');
  return {
    method: request.method ?? '',
    version: /^\/v(\d+\.\d+)\//.exec(url.pathname)?.[1] ?? '',
    path: decodeURIComponent(url.pathname.replace(/^\/v\d+\.\d+/, '')),
    query: url.searchParams,
    headers: request.headers,
    body,
  };
}

function send(response: ServerResponse, { status = 200, json, text, type }: Exclude<Reply, 'handled'>): void {
  const body = json === undefined ? (text ?? '') : `${JSON.stringify(json)}\n`;
  response.statusCode = status;
  response.setHeader('Content-Type', type ?? (json === undefined ? 'text/plain' : 'application/json'));
  response.end(body);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
