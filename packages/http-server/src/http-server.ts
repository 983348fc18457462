import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import type { Clock, Logger } from '@gantry/base';
import { answerClientError } from './client-error.ts';
import { closeGently } from './close-gently.ts';
import { ServerClosingError } from './errors.ts';
import type { HttpLimits } from './http-limits.ts';
import type { BoundAddress, ListenPlace } from './listeners/listen-place.ts';
import { listenOnDescriptor, listenOnTcp } from './listeners/tcp-socket.ts';
import { listenOnUnixSocket } from './listeners/unix-socket.ts';

export interface HttpServerOptions {
  /**
   * Serves a request; resolves when it is done with, never rejects. `isUpgrade`: node has let go of the socket, which has to
   * be closed in the end.
   */
  handle: (
    request: http.IncomingMessage,
    response: http.ServerResponse,
    socket: Duplex,
    isUpgrade: boolean,
  ) => Promise<void>;
  /** Which requests for an upgrade are handed over with their socket; others are served as if they had not asked (RFC 9110, 7.8). */
  mayUpgrade?: (request: http.IncomingMessage) => boolean;
  /** The server begins to close: what waits for something else than its client ends now. */
  onClosing?: () => void;
  /** The JSON that says what is wrong with what is not HTTP. */
  problem: (message: string) => unknown;
  limits: Readonly<HttpLimits>;
  logger: Logger;
  clock: Clock;
}

export interface ListenOptions {
  tls?: TlsOptions | undefined;
  /** Throws for an inherited socket that turns out to be TCP and may not be; nothing was accepted from it. */
  checkTcp?: (where: string) => void;
}

interface Listener {
  server: http.Server;
  removeFile: () => Promise<void>;
}

/** HTTP on any number of sockets. Disposing closes. */
export class HttpServer implements AsyncDisposable {
  readonly #options: HttpServerOptions;
  readonly #listeners = new Set<Listener>();
  readonly #sockets = new Set<Duplex>();
  #closing: Promise<void> | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
  }

  /** Resolves when clients can connect. Throws `ListenError`, `ServerClosingError`; the other listeners go on. */
  async listen(place: ListenPlace, { tls, checkTcp }: ListenOptions = {}): Promise<BoundAddress> {
    if (this.#closing !== undefined) throw new ServerClosingError();
    const server = this.#createServer(tls);
    const listener: Listener = { server, removeFile: async () => {} };
    const bound = await bind(listener, place, checkTcp ?? (() => {}));
    this.#listeners.add(listener);
    server.on('error', (error) => this.#options.logger.error('listener failed', { error }));
    return bound;
  }

  /** Connections that begin from now on get another certificate. */
  renewTls(context: SecureContextOptions): void {
    for (const { server } of this.#listeners) {
      if (server instanceof https.Server) server.setSecureContext(context);
    }
  }

  /**
   * Takes no more connections, lets requests finish for `timeoutMs` (default 5,000), then closes what is left. Removes the
   * socket files. Idempotent.
   */
  close({ timeoutMs = 5000 }: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeoutMs: number): Promise<void> {
    const listeners = [...this.#listeners];
    // The name goes first: from here on a client gets "no such file", not a reset.
    await Promise.all(listeners.map((listener) => listener.removeFile()));
    const closed = Promise.all(
      listeners.map(({ server }) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
    this.#options.onClosing?.();
    const done = new AbortController();
    void closed.then(() => done.abort());
    await this.#options.clock.sleep(timeoutMs, done.signal).catch(() => {});
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #createServer(tls: TlsOptions | undefined): http.Server {
    const { limits, mayUpgrade = () => false } = this.#options;
    const options: http.ServerOptions = {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      // Bodies may stream for hours; who reads a whole one has a timeout of its own.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.max(50, Math.min(5000, limits.headersTimeoutMs / 4)),
      keepAliveTimeout: limits.idleTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      noDelay: true,
      insecureHTTPParser: false,
      requireHostHeader: false,
      shouldUpgradeCallback: mayUpgrade,
    };
    const server =
      tls === undefined
        ? http.createServer(options)
        : https.createServer({ ...options, ...tls, handshakeTimeout: limits.headersTimeoutMs });
    // A client may send its request, close its half, and still read the answer.
    Object.assign(server, { httpAllowHalfOpen: true });
    server.maxConnections = limits.maxConnections;
    server.timeout = limits.stallTimeoutMs;
    this.#wire(server);
    return server;
  }

  #wire(server: http.Server): void {
    const { handle, logger, problem } = this.#options;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      // Pipelined requests may each listen for the end.
      socket.setMaxListeners(0);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    const responses = new WeakMap<Duplex, http.ServerResponse>();
    server.on('request', (request, response) => {
      responses.set(request.socket, response);
      if (request.headers.upgrade !== undefined) closeWhenBroken(request);
      const handled = handle(request, response, request.socket, false);
      void handled.then(() => this.#closeIdle(server, response));
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('clientError', (error, socket) =>
      answerClientError(error, { socket, earlier: responses.get(socket), problem }),
    );
    server.on('drop', () => logger.warn('connection refused: too many are open'));
  }

  /** A connection that was busy when the server began to close would idle on until its timeout. */
  #closeIdle(server: http.Server, response: http.ServerResponse): void {
    if (this.#closing === undefined) return;
    const close = (): void => void setImmediate(() => server.closeIdleConnections());
    if (response.writableFinished) close();
    else response.once('close', close);
  }

  #upgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): void {
    const { clock, limits, handle } = this.#options;
    // A reset is told by `close`; without a listener it would end the process.
    socket.on('error', () => {});
    const response = new http.ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.once('finish', () => void closeGently(socket, clock, limits.lingerTimeoutMs));
    if (head.length > 0) socket.unshift(head);
    void handle(request, response, socket, true);
  }
}

async function bind(
  listener: Listener,
  place: ListenPlace,
  checkTcp: (where: string) => void,
): Promise<BoundAddress> {
  if (place.kind === 'tcp') return listenOnTcp(listener.server, place);
  if (place.kind === 'fd') return listenOnDescriptor(listener.server, place.fd, checkTcp);
  listener.removeFile = await listenOnUnixSocket(listener.server, place);
  return { path: place.path };
}

/** Node (24.21) does not tell the end of file in the middle of a body when an upgrade was asked for and not granted. */
function closeWhenBroken(request: http.IncomingMessage): void {
  const { socket } = request;
  const onEnd = (): void => {
    if (!request.complete) socket.destroy();
  };
  socket.once('end', onEnd);
  request.once('close', () => socket.off('end', onEnd));
}
