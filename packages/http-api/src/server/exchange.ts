import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Logger } from '@gantry/base';
import { ServerClosingError } from '@gantry/http-server';
import { BodyAbortedError, InvalidRequestError } from '../errors.ts';
import { isLocal, probeClient } from '../wire/gone-client.ts';
import { bounded, Query } from '../wire/query.ts';
import type { ApiVersion } from './api-version.ts';
import type { ServerLimits } from './limits.ts';

/** What the exchanges of one server share. */
export interface ExchangeContext {
  readonly clock: Clock;
  readonly limits: Readonly<ServerLimits>;
  readonly logger: Logger;
  /** Sent with every response, as alternating names and values. */
  readonly commonHeaders: readonly string[];
  /** Those that something waits on: they are told when the server closes. */
  readonly waiting: Set<Exchange>;
  closing: boolean;
}

export interface ExchangeOptions {
  id: string;
  request: IncomingMessage;
  response: ServerResponse;
  socket: Duplex;
  /** The client asked for an upgrade, and Node has let go of the socket. */
  isUpgrade: boolean;
}

/**
 * One request and its answer. Lives until the response is sent or, when the connection was taken over, until it is
 * closed.
 */
export class Exchange {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Duplex;
  readonly isUpgrade: boolean;
  readonly context: ExchangeContext;
  path = '';
  version: ApiVersion = 0;
  params: Readonly<Record<string, string | undefined>> = {};
  /** The socket is no longer HTTP's. */
  hijacked = false;
  /** Present when it was read before the route ran. */
  body: Buffer | undefined;
  #query: Query | undefined;
  #logger: Logger | undefined;
  #controller: AbortController | undefined;

  constructor(context: ExchangeContext, { id, request, response, socket, isUpgrade }: ExchangeOptions) {
    this.context = context;
    this.id = id;
    this.request = request;
    this.response = response;
    this.socket = socket;
    this.isUpgrade = isUpgrade;
  }

  get method(): string {
    return this.request.method ?? 'GET';
  }

  get query(): Query {
    if (this.#query === undefined) {
      const url = this.request.url ?? '';
      const mark = url.indexOf('?');
      this.#query = new Query(mark === -1 ? '' : url.slice(mark + 1));
    }
    return this.#query;
  }

  /** Its lines carry the request's id. */
  get logger(): Logger {
    this.#logger ??= this.context.logger.child({ requestId: this.id });
    return this.#logger;
  }

  /**
   * Aborts when the client goes away before it has its answer, and when the server closes. Most requests never ask for
   * it, and cost nothing.
   */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.context.closing) this.abort(new ServerClosingError());
      else if (this.socket.destroyed) this.abort();
      else this.#watchClient();
    }
    return this.#controller.signal;
  }

  /** Ends what waits on `signal`. Idempotent. */
  abort(reason: Error = new BodyAbortedError()): void {
    this.context.waiting.delete(this);
    if (this.#controller?.signal.aborted === false) this.#controller.abort(reason);
  }

  /** The signal was asked for and has aborted. */
  get aborted(): boolean {
    return this.#controller?.signal.aborted === true;
  }

  /** A name or id from the path, without the slash that Docker puts before names. Throws `InvalidRequestError` when it is empty, longer than any can be, or has control characters. */
  reference(parameter: string, maxLength = 255): string {
    const value = (this.params[parameter] ?? '').replace(/^\//, '');
    if (value === '' || value.length > maxLength || /[\u0000-\u001f\u007f]/.test(value)) {
      throw new InvalidRequestError(`invalid ${parameter} in path: ${JSON.stringify(bounded(value))}`, {
        code: 'bad-reference',
      });
    }
    return value;
  }

  #watchClient(): void {
    const { response, socket, context } = this;
    context.waiting.add(this);
    const onEnd = (): void => this.#onHalfClose();
    response.once('close', () => {
      socket.off('end', onEnd);
      if (!this.hijacked && !response.writableFinished) this.abort();
    });
    if (!socket.readableEnded) socket.once('end', onEnd);
    else if (!this.hijacked) onEnd();
  }

  /** The client may merely have said everything it had to say; over TCP nobody can tell, and Go's server takes it for gone. */
  #onHalfClose(): void {
    const { clock, limits } = this.context;
    if (isLocal(this.socket)) void probeClient(this.socket, clock, limits.goneProbeIntervalMs);
    else if (!this.hijacked) this.abort();
  }
}
