import type { Socket } from 'node:net';
import { errorMessage } from '@gantry/base';
import { type EngineAddress, formatAddress } from './address.ts';
import { apiVersion } from './api-version.ts';
import type { Connection } from './connection.ts';
import { ApiError, ConnectionFailedError, ProtocolError } from './errors.ts';
import { HijackedStream } from './hijacked-stream.ts';
import { exchange, type HttpRequest, type HttpResponse, type RequestBody } from './http/exchange.ts';
import { exchangeWhole } from './http/whole-response.ts';
import { connectPlain, connectSocket, isPlain, openSocket } from './open-socket.ts';
import { formatQuery, type QueryValue } from './query.ts';
import { SpareSockets } from './spare-sockets.ts';

export interface ApiClientOptions {
  readonly address: EngineAddress;
  /** Pins the API version: it is sent as it is, and never negotiated. */
  readonly version?: string | undefined;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Called, once, when nothing listens at the address; when it resolves the request is tried again. */
  readonly onUnreachable?: (() => Promise<void>) | undefined;
}

export interface ApiRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Without the version prefix: `/containers/json`. Segments are encoded by the caller. */
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** Several values of one name are a line each. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, when `json` is not given. */
  readonly body?: RequestBody;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A client of one engine. Every request has a connection of its own, so requests never wait for each other and there is
 * nothing to close. The version is the newest until the engine refuses it, then what both speak.
 */
export class ApiClient {
  readonly address: EngineAddress;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #pinned: boolean;
  #version: string;
  #negotiated = false;
  #onUnreachable: (() => Promise<void>) | undefined;
  readonly #spares = new SpareSockets();

  constructor(options: ApiClientOptions) {
    this.address = options.address;
    this.#headers = options.headers ?? {};
    this.#pinned = options.version !== undefined;
    this.#version = options.version ?? apiVersion;
    this.#onUnreachable = options.onUnreachable;
  }

  /**
   * Opens connections for `count` requests that will soon follow the one whose answer is awaited. Only a saving of time:
   * without TLS and ssh, and nothing is lost when they fail or are not used.
   */
  connectAhead(count: number): void {
    if (isPlain(this.address)) this.#spares.open(this.address, count);
  }

  /** The version that requests carry now. */
  get version(): string {
    return this.#version;
  }

  /**
   * Resolves with any answer below 400, its body unread: the caller reads it or calls `close()`. Rejects with
   * `ApiError` for the others. An aborted `signal` closes the connection at any time, also while the body is read.
   */
  async request(request: ApiRequest): Promise<HttpResponse> {
    if (!isStream(request.body)) return await this.#negotiating(request.signal, () => this.#send(request));
    // A stream cannot be sent twice, so what may need a second try is settled first.
    await (this.#pinned ? this.ping(request.signal) : this.negotiate(request.signal));
    return await this.#send(request);
  }

  /** The answer's body. */
  async text(request: ApiRequest): Promise<string> {
    if (isStream(request.body)) return await readText((await this.request(request)).body);
    return await this.#negotiating(request.signal, async () => {
      const response = await this.#connecting(request.signal, (socket) =>
        exchangeWhole(socket, this.#httpRequest(request), maxJsonBytes),
      );
      const text = response.body.toString('utf8');
      if (response.status >= 400) throw apiErrorOf(response.status, text, request.path);
      return text;
    });
  }

  /** The answer's JSON; undefined when it has no body. */
  async json<T>(request: ApiRequest): Promise<T> {
    const text = await this.text(request);
    if (text === '') return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw new ProtocolError(`the answer to ${request.method} ${request.path} is not JSON`, error);
    }
  }

  /** Sends, and drops the answer's body. */
  async send(request: ApiRequest): Promise<void> {
    (await this.request(request)).close();
  }

  /** Turns the connection into a raw stream in both directions. Takes 101, and 200 from engines that do not upgrade. */
  async hijack(request: ApiRequest): Promise<HijackedStream> {
    const response = await this.#negotiating(request.signal, () => this.#send(request, 'tcp'));
    return new HijackedStream(response);
  }

  /** As `hijack`, for a protocol that wants the connection itself, which the caller destroys. */
  async upgrade(request: ApiRequest, protocol: string): Promise<Socket> {
    let socket: Socket | undefined;
    const open = async (): Promise<Socket> => {
      const { address } = this;
      socket = isPlain(address) ? connectSocket(address) : await openSocket(address, request.signal);
      return socket;
    };
    const response = await this.#negotiating(request.signal, () => this.#send(request, protocol, open));
    for (const chunk of response.release().toReversed()) socket?.unshift(chunk);
    return socket as Socket;
  }

  /** The headers of `/_ping`, unversioned. Rejects when nothing answers. */
  async ping(signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const request = { method: 'HEAD', target: '/_ping', headers: this.#baseHeaders() };
    return (await this.#connecting(signal, (socket) => exchangeWhole(socket, request, maxErrorBytes)))
      .headers;
  }

  /** Settles the version with the engine, once; nothing to do when it is pinned. */
  async negotiate(signal?: AbortSignal): Promise<void> {
    if (this.#negotiated || this.#pinned) return;
    const theirs = (await this.ping(signal)).get('api-version') ?? '1.24';
    if (compareVersions(theirs, this.#version) < 0) this.#version = theirs;
    this.#negotiated = true;
  }

  async #send(
    request: ApiRequest,
    upgrade?: string,
    open?: () => Connection | Promise<Connection>,
  ): Promise<HttpResponse> {
    const response = await this.#connecting(
      request.signal,
      (socket) => exchange(socket, this.#httpRequest(request, upgrade)),
      open,
    );
    if (response.status >= 400) {
      throw apiErrorOf(response.status, await readText(response.body, maxErrorBytes), request.path);
    }
    if (upgrade !== undefined && response.status !== 101 && response.status !== 200) {
      response.close();
      throw new ProtocolError(`unable to upgrade to ${upgrade}, received ${response.status}`);
    }
    return response;
  }

  #httpRequest(request: ApiRequest, upgrade?: string): HttpRequest {
    const json = request.json === undefined ? undefined : JSON.stringify(request.json);
    const type = json === undefined ? undefined : { 'Content-Type': 'application/json' };
    return {
      method: request.method,
      target: `/v${this.#version}${request.path}${formatQuery(request.query ?? {})}`,
      headers: { ...this.#baseHeaders(), ...type, ...request.headers },
      body: json ?? request.body,
      upgrade,
    };
  }

  /** Tries again with the version that the engine speaks, when it refuses ours. */
  async #negotiating<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (!this.#isTooNew(error)) throw error;
      await this.negotiate(signal);
      return await attempt();
    }
  }

  /** Runs `work` on a new connection, and once more after `onUnreachable` when nothing listens. */
  async #connecting<T>(
    signal: AbortSignal | undefined,
    work: (socket: Connection) => Promise<T>,
    open: () => Connection | Promise<Connection> = () => this.#open(signal),
  ): Promise<T> {
    signal?.throwIfAborted();
    const { address } = this;
    try {
      const socket = await open();
      if (signal !== undefined) destroyOnAbort(socket, signal);
      return await work(socket);
    } catch (error) {
      const failure = asConnectionFailure(error, address);
      const startEngine = this.#onUnreachable;
      if (!(failure instanceof ConnectionFailedError) || failure.kind !== 'unavailable' || !startEngine)
        throw failure;
      this.#onUnreachable = undefined;
      await startEngine();
      return await this.#connecting(signal, work, open);
    }
  }

  #open(signal: AbortSignal | undefined): Connection | Promise<Connection> {
    const { address } = this;
    return this.#spares.take() ?? (isPlain(address) ? connectPlain(address) : openSocket(address, signal));
  }

  #baseHeaders(): Record<string, string> {
    const { address } = this;
    const host = address.kind === 'tcp' ? formatAddress(address).slice('tcp://'.length) : 'localhost';
    return { Host: host, 'User-Agent': 'Gantry-Client/0.1.0 (linux)', ...this.#headers };
  }

  #isTooNew(error: unknown): boolean {
    return (
      !this.#pinned &&
      !this.#negotiated &&
      error instanceof ApiError &&
      error.status === 400 &&
      error.message.includes('is too new')
    );
  }
}

function destroyOnAbort(socket: Connection, signal: AbortSignal): void {
  const onAbort = (): void => void socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', onAbort));
}

function asConnectionFailure(error: unknown, address: EngineAddress): unknown {
  const { syscall, code } = error as NodeJS.ErrnoException;
  if (syscall !== 'connect') return error;
  return new ConnectionFailedError(formatAddress(address), code ?? errorMessage(error), error);
}

function apiErrorOf(status: number, body: string, path: string): ApiError {
  return new ApiError(status, messageIn(body.trim()) ?? emptyMessage(status, path));
}

function messageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string' && message !== '') return message;
  } catch {
    return text === '' ? undefined : text;
  }
  return text === '' ? undefined : text;
}

function emptyMessage(status: number, path: string): string {
  return `request returned ${status} for API route ${path}, check if the server supports the requested API version`;
}

const maxErrorBytes = 1024 * 1024;
const maxJsonBytes = 512 * 1024 * 1024;

async function readText(body: AsyncIterable<Uint8Array>, maxBytes: number = maxJsonBytes): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new ProtocolError(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isStream(body: RequestBody | undefined): boolean {
  return body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
}

/** Negative when `left` is older. */
function compareVersions(left: string, right: string): number {
  const [leftMajor = 0, leftMinor = 0] = left.split('.').map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split('.').map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}
