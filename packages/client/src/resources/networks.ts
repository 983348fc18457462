import type { Filters, Network } from '@gantry/api-types';
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
