import type {
  Filters,
  Network,
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkDisconnectRequest,
} from '@gantry/api-types';
import type { ApiClient } from '../api-client.ts';
import { formatFilters } from '../query.ts';

export function listNetworks(client: ApiClient, filters?: Filters): Promise<Network[]> {
  return client.json({ method: 'GET', path: '/networks', query: { filters: formatFilters(filters) } });
}

export function inspectNetwork(client: ApiClient, ref: string, verbose: boolean = false): Promise<Network> {
  return client.json({
    method: 'GET',
    path: `/networks/${encodeURIComponent(ref)}`,
    query: { verbose: verbose || undefined },
  });
}

export function createNetwork(
  client: ApiClient,
  request: NetworkCreateRequest,
): Promise<NetworkCreateResponse> {
  return client.json({ method: 'POST', path: '/networks/create', json: request });
}

export function removeNetwork(client: ApiClient, ref: string): Promise<void> {
  return client.send({ method: 'DELETE', path: `/networks/${encodeURIComponent(ref)}` });
}

/** Puts a container on a network, whether it runs or not. */
export function connectNetwork(
  client: ApiClient,
  ref: string,
  request: NetworkConnectRequest,
): Promise<void> {
  return client.send({ method: 'POST', path: `/networks/${encodeURIComponent(ref)}/connect`, json: request });
}

export function disconnectNetwork(
  client: ApiClient,
  ref: string,
  request: NetworkDisconnectRequest,
): Promise<void> {
  const path = `/networks/${encodeURIComponent(ref)}/disconnect`;
  return client.send({ method: 'POST', path, json: request });
}
