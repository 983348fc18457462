import type http from 'node:http';
import { type Clock, errorMessage, type Logger } from '@gantry/base';
import { type BoundAddress, defaultHttpLimits, HttpServer } from '@gantry/http-server';

/** Whoever reads measures does so every few seconds, from a few places. */
const limits = { ...defaultHttpLimits, maxConnections: 64, stallTimeoutMs: 30_000 };

export interface MetricsServerOptions {
  address: { host: string; port: number };
  /** The measures now, in Prometheus' text format. */
  read: () => Promise<string>;
  logger: Logger;
  clock: Clock;
}

/**
 * Serves `GET /metrics` to anybody who reaches the address, and nothing else, as dockerd's `metrics-addr`. Throws `ListenError`. Disposing
 * closes it.
 */
export async function serveMetrics(
  options: MetricsServerOptions,
): Promise<AsyncDisposable & { bound: BoundAddress }> {
  const server = new HttpServer({
    handle: (request, response) => answer(request, response, options),
    problem: (message) => ({ message }),
    limits,
    logger: options.logger.child({ component: 'metrics' }),
    clock: options.clock,
  });
  const bound = await server.listen({ kind: 'tcp', ...options.address });
  return { bound, [Symbol.asyncDispose]: () => server.close({ timeoutMs: 0 }) };
}

async function answer(
  { method, url = '' }: http.IncomingMessage,
  response: http.ServerResponse,
  { read, logger }: MetricsServerOptions,
): Promise<void> {
  const isMetrics = url.split('?', 1)[0] === '/metrics';
  if (!isMetrics || (method !== 'GET' && method !== 'HEAD')) {
    response.writeHead(isMetrics ? 405 : 404).end();
    return;
  }
  try {
    const text = await read();
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
  } catch (error) {
    logger.error('measures cannot be read', { error: errorMessage(error) });
    response.writeHead(500).end();
  }
}
