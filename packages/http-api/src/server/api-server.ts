import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock, Logger } from '@gantry/base';
import type { RequestGuard } from '../authorization/request-guard.ts';
import type { ContainerBackend } from '../backends/container-backend.ts';
import type { ContainerFilesBackend } from '../backends/container-files-backend.ts';
import type { DiskBackend } from '../backends/disk-backend.ts';
import type { ExecBackend } from '../backends/exec-backend.ts';
import type { ImageBackend } from '../backends/image-backend.ts';
import type { NetworkBackend } from '../backends/network-backend.ts';
import type { RegistryBackend } from '../backends/registry-backend.ts';
import type { SystemBackend, VolumeBackend } from '../backends/system-backend.ts';
import { ServerClosingError } from '../errors.ts';
import type { BoundAddress, ListenAddress, TlsIdentity } from '../listeners/listen-address.ts';
import {
  listenOnDescriptor,
  listenOnTcp,
  mutualTls,
  requireAuthentication,
} from '../listeners/tcp-socket.ts';
import { listenOnUnixSocket } from '../listeners/unix-socket.ts';
import { allRoutes } from '../routes/all-routes.ts';
import { closeGently } from '../wire/close-gently.ts';
import { answerClientError } from './client-error.ts';
import { Dispatcher } from './dispatcher.ts';
import { defaultLimits, type ServerLimits } from './limits.ts';

export interface ApiServerOptions {
  containers: ContainerBackend;
  execs: ExecBackend;
  files: ContainerFilesBackend;
  images: ImageBackend;
  system: SystemBackend;
  networks: NetworkBackend;
  volumes: VolumeBackend;
  registries: RegistryBackend;
  disk: DiskBackend;
  logger: Logger;
  clock: Clock;
  /** The engine's version, for the `Server` header. */
  version: string;
  limits?: Partial<ServerLimits>;
  /** Asked before each request, and before each answer. */
  guard?: RequestGuard;
}

/** Docker's Engine API on any number of sockets. */
export interface ApiServer extends AsyncDisposable {
  /** Resolves when clients can connect. Throws `ListenError`; the other listeners go on. */
  listen(address: ListenAddress): Promise<BoundAddress>;
  /**
   * Takes no more connections, ends streams and waits, lets other requests finish for `timeoutMs` (default 5,000), then
   * closes what is left. Removes the socket files. Idempotent.
   */
  close(options?: { timeoutMs?: number }): Promise<void>;
}

/** Makes the server; it serves nobody before `listen`. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  return new NodeApiServer(options);
}

interface Listener {
  server: http.Server;
  removeFile: () => Promise<void>;
}

class NodeApiServer implements ApiServer {
  readonly #dispatcher: Dispatcher;
  readonly #limits: Readonly<ServerLimits>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #listeners = new Set<Listener>();
  readonly #sockets = new Set<Duplex>();
  #closing: Promise<void> | undefined;

  constructor(options: ApiServerOptions) {
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#clock = options.clock;
    this.#logger = options.logger.child({ component: 'http-api' });
    this.#dispatcher = new Dispatcher({
      routes: allRoutes(options),
      version: options.version,
      logger: this.#logger,
      clock: options.clock,
      limits: this.#limits,
      guard: options.guard,
    });
  }

  async listen(address: ListenAddress): Promise<BoundAddress> {
    if (address.kind === 'tcp') requireAuthentication(address, `tcp://${address.host}:${address.port}`);
    if (this.#closing !== undefined) throw new ServerClosingError();
    const server = this.#createServer(address.kind === 'unix' ? undefined : address.tls);
    const listener: Listener = { server, removeFile: async () => {} };
    const bound = await this.#bind(listener, address);
    this.#listeners.add(listener);
    server.on('error', (error) => this.#logger.error('listener failed', { error }));
    this.#logger.info('API listens', { ...bound });
    return bound;
  }

  close({ timeoutMs = 5000 }: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #bind(listener: Listener, address: ListenAddress): Promise<BoundAddress> {
    if (address.kind === 'tcp') return listenOnTcp(listener.server, address);
    if (address.kind === 'fd') return listenOnDescriptor(listener.server, address);
    listener.removeFile = await listenOnUnixSocket(listener.server, address);
    return { path: address.path };
  }

  async #close(timeoutMs: number): Promise<void> {
    const listeners = [...this.#listeners];
    // The name goes first: from here on a client gets "no such file", not a reset.
    await Promise.all(listeners.map((listener) => listener.removeFile()));
    const closed = Promise.all(
      listeners.map(({ server }) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
    this.#dispatcher.close();
    const done = new AbortController();
    void closed.then(() => done.abort());
    await this.#clock.sleep(timeoutMs, done.signal).catch(() => {});
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #createServer(tls: TlsIdentity | undefined): http.Server {
    const limits = this.#limits;
    const options: http.ServerOptions = {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      // Bodies may stream for hours (load); routes that read a whole body have a timeout of their own.
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
        : https.createServer({ ...options, ...mutualTls(tls), handshakeTimeout: limits.headersTimeoutMs });
    // A client may send its request, close its half, and still read the answer.
    Object.assign(server, { httpAllowHalfOpen: true });
    server.maxConnections = limits.maxConnections;
    this.#wire(server);
    return server;
  }

  #wire(server: http.Server): void {
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
      const handled = this.#dispatcher.handle(request, response, request.socket, false);
      void handled.then(() => this.#closeIdle(server, response));
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('clientError', (error, socket) => answerClientError(error, socket, responses.get(socket)));
    server.on('drop', () => this.#logger.warn('connection refused: too many are open'));
  }

  /** A connection that was busy when the server began to close would idle on until its timeout. */
  #closeIdle(server: http.Server, response: http.ServerResponse): void {
    if (this.#closing === undefined) return;
    const close = (): void => void setImmediate(() => server.closeIdleConnections());
    if (response.writableFinished) close();
    else response.once('close', close);
  }

  #upgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): void {
    // A reset is told by `close`; without a listener it would end the process.
    socket.on('error', () => {});
    const response = new http.ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.once('finish', () => void closeGently(socket, this.#clock, this.#limits.lingerTimeoutMs));
    if (head.length > 0) socket.unshift(head);
    void this.#dispatcher.handle(request, response, socket, true);
  }
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

/** Only attach and exec start are taken over; whoever else asks is served as if it had not (RFC 9110, 7.8). */
function mayUpgrade({ headers, method, url = '' }: http.IncomingMessage): boolean {
  const path = url.split('?', 1)[0] ?? '';
  const protocol = headers.upgrade?.toLowerCase();
  if (protocol === 'websocket') return method === 'GET' && /\/containers\/+[^/]+\/+attach\/+ws$/.test(path);
  return (
    protocol === 'tcp' &&
    method === 'POST' &&
    /\/(containers\/+[^/]+\/+attach|exec\/+[^/]+\/+start)$/.test(path)
  );
}
