import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { AccessRequest, Caller } from '../access/access.ts';
import type { NewRegistryEvent } from '../events/registry-event.ts';
import type { RegistryServices } from './registry-services.ts';
import type { ClientConnection } from './trusted-proxies.ts';

/** One request and its answer. */
export class RegistryExchange {
  /** Goes into events, log lines and the header `X-Request-Id`. */
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly services: RegistryServices;
  /** What kind of endpoint it is for; there are few of them, unlike paths. */
  route = 'none';
  /** Decoded, without the query. */
  readonly path: string;
  readonly #queryText: string;
  #query: URLSearchParams | undefined;
  #caller: Caller | undefined;
  #aborted: AbortController | undefined;

  constructor(services: RegistryServices, parts: ExchangeParts) {
    this.services = services;
    this.id = parts.id;
    this.request = parts.request;
    this.response = parts.response;
    const url = parts.request.url ?? '/';
    const mark = url.indexOf('?');
    this.path = decoded(mark === -1 ? url : url.slice(0, mark));
    this.#queryText = mark === -1 ? '' : url.slice(mark + 1);
  }

  get method(): string {
    return this.request.method ?? 'GET';
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.#queryText);
    return this.#query;
  }

  /** Who asks. Throws what `Access.identify` throws. */
  async caller(): Promise<Caller> {
    this.#caller ??= await this.services.access.identify(this.accessRequest());
    return this.#caller;
  }

  accessRequest(): AccessRequest {
    const { headers } = this.request;
    const { host, ...connection } = this.#connection();
    return { headers: host === headers.host ? headers : { ...headers, host }, ...connection };
  }

  /** An event of this request, without what it is about. Who asks is known by then. */
  event(
    about: Pick<NewRegistryEvent, 'action' | 'repository'> & Partial<NewRegistryEvent>,
  ): NewRegistryEvent {
    return {
      actor: this.#caller?.identity.name ?? '',
      remoteAddress: this.#connection().remoteAddress,
      userAgent: (this.request.headers['user-agent'] ?? '').slice(0, 256),
      requestId: this.id,
      ...about,
    };
  }

  #connection(): ClientConnection {
    const { socket, headers } = this.request;
    const direct = {
      remoteAddress: socket.remoteAddress ?? '',
      isEncrypted: socket instanceof TLSSocket,
      host: headers.host,
    };
    return this.services.proxies?.clientOf(direct, headers) ?? direct;
  }

  /** Aborts when the client goes away before it has its answer. */
  get signal(): AbortSignal {
    if (this.#aborted === undefined) {
      const controller = new AbortController();
      this.#aborted = controller;
      if (this.response.destroyed) controller.abort();
      this.response.once('close', () => {
        if (!this.response.writableFinished) controller.abort();
      });
    }
    return this.#aborted.signal;
  }
}

export interface ExchangeParts {
  id: string;
  request: IncomingMessage;
  response: ServerResponse;
}

/** What is not well encoded names nothing that there is. */
function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}
