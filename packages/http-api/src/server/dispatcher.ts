import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Clock, errorKind, errorMessage, type Logger } from '@gantry/base';
import { ServerClosingError } from '@gantry/http-server';
import Router from 'find-my-way';
import { guardExchange } from '../authorization/guard-exchange.ts';
import type { RequestGuard } from '../authorization/request-guard.ts';
import { InvalidRequestError, PageNotFoundError } from '../errors.ts';
import type { Route } from '../routes/route.ts';
import { maxApiVersion, splitVersion } from './api-version.ts';
import { refuseBrowsers } from './browser-guard.ts';
import { errorStatus } from './error-status.ts';
import { Exchange, type ExchangeContext } from './exchange.ts';
import type { ServerLimits } from './limits.ts';
import { sendEmpty, sendJson, sendJsonAndClose } from './respond.ts';

export interface DispatcherOptions {
  routes: readonly Route[];
  /** Of the engine; goes into the `Server` header. */
  version: string;
  logger: Logger;
  clock: Clock;
  limits: Readonly<ServerLimits>;
  guard?: RequestGuard | undefined;
}

/** Finds the route of each request, runs it, and turns what it throws into the error response. */
export class Dispatcher {
  readonly #router = Router({ maxParamLength: 4096, ignoreDuplicateSlashes: true });
  readonly #context: ExchangeContext;
  /** Connections that are being taken over. */
  readonly #taken = new WeakSet<Duplex>();
  readonly #guard: RequestGuard | undefined;
  #serial = 0;

  constructor({ routes, version, logger, clock, limits, guard }: DispatcherOptions) {
    this.#guard = guard;
    this.#context = {
      clock,
      limits,
      logger,
      waiting: new Set(),
      closing: false,
      commonHeaders: [
        'Api-Version',
        maxApiVersion,
        'Docker-Experimental',
        'false',
        'Ostype',
        'linux',
        'Server',
        `Gantry/${version} (linux)`,
      ],
    };
    for (const route of routes) this.#router.on(route.method, route.path, () => {}, route);
  }

  /** Answers one request; resolves when it is done with. `isUpgrade`: Node has already let go of the socket. Never rejects. */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    socket: Duplex,
    isUpgrade: boolean,
  ): Promise<void> {
    if (this.#taken.has(socket)) {
      // Node parsed as a request what was meant as input of a container: it must never be run.
      this.#context.logger.warn('connection closed: input came before it was taken over');
      socket.destroy();
      return;
    }
    this.#serial += 1;
    const id = this.#serial.toString(36);
    const exchange = new Exchange(this.#context, { id, request, response, socket, isUpgrade });
    const started = performance.now();
    try {
      await this.#route(exchange);
    } catch (error) {
      await this.#answerError(exchange, error);
    }
    this.#context.waiting.delete(exchange);
    this.#context.logger.debug('request', {
      requestId: id,
      method: request.method,
      path: request.url?.slice(0, 512),
      status: exchange.hijacked ? 101 : response.statusCode,
      durationMs: Math.round((performance.now() - started) * 1000) / 1000,
    });
  }

  /** Ends everything that waits for a client or an event: streams, waits. Now and from now on. */
  close(): void {
    this.#context.closing = true;
    for (const exchange of this.#context.waiting) exchange.abort(new ServerClosingError());
  }

  async #route(exchange: Exchange): Promise<void> {
    refuseBrowsers(exchange.request);
    if (exchange.method === 'OPTIONS') {
      sendEmpty(exchange, 200);
      return;
    }
    const { version, path } = splitVersion(pathOf(exchange.request));
    exchange.version = version;
    exchange.path = path;
    const found = this.#router.find(exchange.method as 'GET', path);
    if (found === null) throw new PageNotFoundError();
    exchange.params = found.params;
    const route = found.store as Route;
    if (this.#guard?.isActive() === true) await guardExchange(this.#guard, exchange, route);
    if (route.hijacks === true) await this.#takingOver(exchange, route);
    else await route.handle(exchange);
  }

  async #takingOver(exchange: Exchange, route: Route): Promise<void> {
    this.#taken.add(exchange.socket);
    try {
      await route.handle(exchange);
    } finally {
      if (!exchange.hijacked) this.#taken.delete(exchange.socket);
    }
  }

  async #answerError(exchange: Exchange, error: unknown): Promise<void> {
    const status = errorStatus(error);
    const { response, logger } = exchange;
    if (status >= 500 && errorKind(error) === 'internal') {
      logger.error('request failed', { path: exchange.path, error });
    }
    if (exchange.hijacked || response.headersSent) {
      if (!exchange.aborted) logger.warn('request failed after its answer had begun', { error });
      exchange.socket.destroy();
      return;
    }
    if (response.destroyed || exchange.socket.destroyed) return;
    const body = { message: errorMessage(error) };
    if (status === 304) sendEmpty(exchange, 304);
    else if (exchange.request.complete) sendJson(exchange, status, body);
    else await sendJsonAndClose(exchange, status, body);
  }
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  if (!path.startsWith('/'))
    throw new InvalidRequestError('request target must be a path', { code: 'bad-target' });
  return path;
}
