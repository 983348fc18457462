import type { SecureContextOptions, TlsOptions } from 'node:tls';
import {
  type BoundAddress,
  defaultHttpLimits,
  type HttpLimits,
  HttpServer,
  type ListenPlace,
} from '@gantry/http-server';
import { RegistryDispatcher } from './http/dispatcher.ts';
import type { RegistryServices } from './http/registry-services.ts';
import type { RegistryRoute } from './http/route.ts';

export interface RegistryServerOptions extends RegistryServices {
  /** Endpoints beside the distribution API. */
  routes?: readonly RegistryRoute[];
  limits?: Partial<HttpLimits>;
}

/** The distribution API on any number of sockets. */
export interface RegistryServer extends AsyncDisposable {
  /** Resolves when clients can connect; with `tls` by https. Throws `ListenError`; the other listeners go on. */
  listen(place: ListenPlace, tls?: TlsOptions): Promise<BoundAddress>;
  /** Connections that begin from now on get another certificate. */
  renewTls(context: SecureContextOptions): void;
  /** Takes no more connections, lets requests finish for `timeoutMs`, then closes what is left. Idempotent. */
  close(options?: { timeoutMs?: number }): Promise<void>;
}

/** A client that neither sends nor takes a byte for so long has gone, or holds a connection for nothing. */
const stallTimeoutMs = 120_000;

/** Makes the server; it serves nobody before `listen`. What it serves is the caller's to close, after it. */
export function createRegistryServer({
  routes = [],
  limits,
  ...services
}: RegistryServerOptions): RegistryServer {
  const logger = services.logger.child({ component: 'registry-http' });
  const dispatcher = new RegistryDispatcher({ ...services, logger }, routes);
  const server = new HttpServer({
    handle: (request, response) => dispatcher.handle(request, response),
    problem: (message) => ({ errors: [{ code: 'UNKNOWN', message }] }),
    limits: { ...defaultHttpLimits, stallTimeoutMs, ...limits },
    logger,
    clock: services.clock,
  });
  return {
    listen: async (place, tls) => {
      const bound = await server.listen(place, { tls });
      logger.info('registry listens', { ...bound, tls: tls !== undefined });
      return bound;
    },
    renewTls: (context) => server.renewTls(context),
    close: (options) => server.close(options),
    [Symbol.asyncDispose]: () => server.close({ timeoutMs: 0 }),
  };
}
