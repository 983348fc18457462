import { errorMessage } from '@gantry/base';
import type { RegistryExchange } from '../http/registry-exchange.ts';
import { sendJson } from '../http/respond.ts';
import type { RegistryRoute } from '../http/route.ts';

/** `/healthz`: the process answers. `/readyz`: it can store, else 503 and the reason. Anybody may ask. */
export const healthRoutes: readonly RegistryRoute[] = (['GET', 'HEAD'] as const).flatMap(
  (method): RegistryRoute[] => [
    { method, path: '/healthz', handle: sayAlive },
    { method, path: '/readyz', handle: sayReady },
  ],
);

function sayAlive(exchange: RegistryExchange): void {
  sendJson(exchange, { status: 'ok' });
}

async function sayReady(exchange: RegistryExchange): Promise<void> {
  const { storage, logger } = exchange.services;
  try {
    await storage.checkReady();
    sendJson(exchange, { status: 'ready' });
  } catch (error) {
    logger.warn('not ready', { reason: errorMessage(error) });
    sendJson(exchange, { status: 'not ready', reason: errorMessage(error) }, { status: 503 });
  }
}
