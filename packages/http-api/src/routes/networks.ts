import { EngineError } from '@gantry/base';
import type { NetworkBackend } from '../backends/system-backend.ts';
import type { Exchange } from '../server/exchange.ts';
import { sendJson } from '../server/respond.ts';
import { parseFilters } from '../wire/filters.ts';
import type { Route } from './route.ts';

/** Networks, to look at. */
export function networkRoutes(networks: NetworkBackend): Route[] {
  const list = async (exchange: Exchange): Promise<void> =>
    sendJson(exchange, 200, await networks.list(parseFilters(exchange.query)));
  return [
    { method: 'GET', path: '/networks', handle: list },
    { method: 'GET', path: '/networks/', handle: list },
    { method: 'GET', path: '/networks/:id', handle: (exchange) => inspect(networks, exchange) },
  ];
}

async function inspect(networks: NetworkBackend, exchange: Exchange): Promise<void> {
  const id = exchange.reference('id');
  const scope = exchange.query.text('scope');
  const network = await networks.inspect(id);
  if (scope !== '' && network.Scope !== scope) {
    throw new EngineError('not-found', 'network-not-found', `network ${id} not found`);
  }
  sendJson(exchange, 200, network);
}
