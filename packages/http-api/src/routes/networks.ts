import type { Network } from '@gantry/api-types';
import { EngineError } from '@gantry/base';
import type { NetworkBackend } from '../backends/network-backend.ts';
import { networkConnectBody, networkCreateBody, networkDisconnectBody } from '../bodies/network.ts';
import { parseVersion } from '../server/api-version.ts';
import type { Exchange } from '../server/exchange.ts';
import { sendEmpty, sendJson } from '../server/respond.ts';
import { readJsonBody } from '../wire/body.ts';
import { parseFilters } from '../wire/filters.ts';
import type { Route } from './route.ts';

/** Since this version a list does not tell who is on each network: that is what inspect is for. */
const firstWithoutContainers = parseVersion('1.28');
/** Before this version every network had IPv4, whatever a client sent. */
const firstWithEnableIPv4 = parseVersion('1.48');

/** Networks: make, list, look, remove, connect containers and disconnect them. */
export function networkRoutes(networks: NetworkBackend): Route[] {
  const list = async (exchange: Exchange): Promise<void> => {
    const found = await networks.list(parseFilters(exchange.query));
    sendJson(exchange, 200, exchange.version < firstWithoutContainers ? found : found.map(withoutContainers));
  };
  return [
    { method: 'GET', path: '/networks', handle: list },
    { method: 'GET', path: '/networks/', handle: list },
    { method: 'POST', path: '/networks/create', handle: (exchange) => create(networks, exchange) },
    { method: 'GET', path: '/networks/:id', handle: (exchange) => inspect(networks, exchange) },
    {
      method: 'DELETE',
      path: '/networks/:id',
      handle: async (exchange) => {
        await networks.remove(exchange.reference('id'));
        sendEmpty(exchange, 204);
      },
    },
    { method: 'POST', path: '/networks/:id/connect', handle: (exchange) => connect(networks, exchange) },
    {
      method: 'POST',
      path: '/networks/:id/disconnect',
      handle: (exchange) => disconnect(networks, exchange),
    },
  ];
}

async function create(networks: NetworkBackend, exchange: Exchange): Promise<void> {
  const { Name = '', EnableIPv4, ...request } = (await readJsonBody(exchange, networkCreateBody)) ?? {};
  const knowsIPv4 = EnableIPv4 !== undefined && exchange.version >= firstWithEnableIPv4;
  const created = await networks.create({ ...request, Name, ...(knowsIPv4 && { EnableIPv4 }) });
  sendJson(exchange, 201, created);
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

async function connect(networks: NetworkBackend, exchange: Exchange): Promise<void> {
  const ref = exchange.reference('id');
  const request = (await readJsonBody(exchange, networkConnectBody)) ?? {};
  await networks.connect(ref, request);
  sendEmpty(exchange, 200);
}

async function disconnect(networks: NetworkBackend, exchange: Exchange): Promise<void> {
  const ref = exchange.reference('id');
  const request = (await readJsonBody(exchange, networkDisconnectBody)) ?? {};
  await networks.disconnect(ref, request);
  sendEmpty(exchange, 200);
}

function withoutContainers(network: Network): Network {
  return { ...network, Containers: {} };
}
