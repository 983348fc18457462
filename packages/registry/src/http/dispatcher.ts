import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorKind, errorMessage } from '@gantry/base';
import Router from 'find-my-way';
import { BufferPool } from './buffer-pool.ts';
import { ClientGoneError, NoSuchEndpointError } from './errors.ts';
import { RegistryExchange } from './registry-exchange.ts';
import type { RegistryServices } from './registry-services.ts';
import { parseTarget, type RegistryTarget } from './registry-target.ts';
import { sendJson, sendJsonAndClose } from './respond.ts';
import type { RegistryRoute } from './route.ts';
import { serveBase } from './serve-base.ts';
import { serveBlob } from './serve-blobs.ts';
import { serveCatalog, serveReferrers, serveTags } from './serve-lists.ts';
import { serveManifest } from './serve-manifests.ts';
import { serveUpload, serveUploads } from './serve-uploads.ts';
import { wireError } from './wire-error.ts';

/** Finds what a request is for, serves it, and turns what is thrown into the error answer. */
export class RegistryDispatcher {
  readonly #services: RegistryServices;
  readonly #router = Router({ maxParamLength: 512 });
  readonly #pool = new BufferPool();
  #serial = 0;

  constructor(services: RegistryServices, routes: readonly RegistryRoute[]) {
    this.#services = services;
    for (const route of routes) this.#router.on(route.method, route.path, () => {}, route);
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#serial += 1;
    const id = this.#serial.toString(36);
    const exchange = new RegistryExchange(this.#services, { id, request, response });
    const started = performance.now();
    try {
      await this.#serve(exchange);
    } catch (error) {
      await this.#answerError(exchange, error);
    }
    this.#services.onRequest?.({
      method: exchange.method,
      route: exchange.route,
      status: response.statusCode,
      seconds: (performance.now() - started) / 1000,
    });
    this.#services.logger.debug('request', {
      requestId: id,
      method: request.method,
      path: exchange.path.slice(0, 512),
      status: response.statusCode,
      durationMs: Math.round(performance.now() - started),
    });
  }

  async #serve(exchange: RegistryExchange): Promise<void> {
    const target = parseTarget(exchange.path);
    if (target !== undefined) {
      exchange.route = target.kind;
      return await this.#serveTarget(exchange, target);
    }
    const found = this.#router.find(exchange.method as 'GET', exchange.path);
    if (found === null) throw new NoSuchEndpointError();
    const route = found.store as RegistryRoute;
    exchange.route = route.path;
    await route.handle(exchange);
  }

  #serveTarget(exchange: RegistryExchange, target: RegistryTarget): Promise<void> {
    switch (target.kind) {
      case 'base':
        return serveBase(exchange);
      case 'catalog':
        return serveCatalog(exchange);
      case 'manifest':
        return serveManifest(exchange, target);
      case 'blob':
        return serveBlob(exchange, target, this.#pool);
      case 'uploads':
        return serveUploads(exchange, target);
      case 'upload':
        return serveUpload(exchange, target);
      case 'tags':
        return serveTags(exchange, target);
      case 'referrers':
        return serveReferrers(exchange, target);
    }
  }

  async #answerError(exchange: RegistryExchange, error: unknown): Promise<void> {
    const { request, response, id } = exchange;
    if (error instanceof ClientGoneError || response.destroyed) {
      request.socket.destroy();
      return;
    }
    const { status, code, message, headers } = wireError(error);
    if (status >= 500) this.#log(exchange, error);
    if (response.headersSent) {
      this.#services.logger.warn('request failed after its answer had begun', {
        requestId: id,
        error: errorMessage(error),
      });
      request.socket.destroy();
      return;
    }
    const answer = { errors: [{ code, message }] };
    if (request.complete) sendJson(exchange, answer, { status, headers });
    else await sendJsonAndClose(exchange, answer, { status, headers });
  }

  /** What somebody else fails at is expected; the rest is a fault of ours, or of the disk. */
  #log({ id, path }: RegistryExchange, error: unknown): void {
    const fields = { requestId: id, path: path.slice(0, 512) };
    if (errorKind(error) === 'unavailable') {
      this.#services.logger.warn('request failed', { ...fields, reason: errorMessage(error) });
    } else {
      this.#services.logger.error('request failed', { ...fields, error });
    }
  }
}
