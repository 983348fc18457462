import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { RegistryDispatcher } from './http/dispatcher.ts';
import type { RegistryServices } from './http/registry-services.ts';
import type { RegistryRoute } from './http/route.ts';

/** The distribution API on any number of addresses. */
export interface RegistryServer extends AsyncDisposable {
  /** Resolves with the port when clients can connect. With `tls` by https. */
  listen(address: { host: string; port: number; tls?: SecureContextOptions }): Promise<{ port: number }>;
}

export interface RegistryServerOptions extends RegistryServices {
  /** Endpoints beside the distribution API. */
  routes?: readonly RegistryRoute[];
}

const idleMs = 120_000;

/** Makes the server; it serves nobody before `listen`. What it serves is the caller's to close, after it. */
export function createRegistryServer({ routes = [], ...services }: RegistryServerOptions): RegistryServer {
  const dispatcher = new RegistryDispatcher(services, routes);
  const servers: http.Server[] = [];
  const sockets = new Set<Socket>();
  return {
    listen: async ({ host, port, tls }) => {
      const options: http.ServerOptions = {
        maxHeaderSize: 64 * 1024,
        headersTimeout: 20_000,
        requestTimeout: 0,
        keepAliveTimeout: idleMs,
        noDelay: true,
      };
      const server =
        tls === undefined ? http.createServer(options) : https.createServer({ ...options, ...tls });
      server.timeout = idleMs;
      server.on('connection', (socket: Socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      });
      server.on('request', (request, response) => void dispatcher.handle(request, response));
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen({ host, port }, resolve);
      });
      servers.push(server);
      return { port: (server.address() as AddressInfo).port };
    },
    [Symbol.asyncDispose]: async () => {
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}
