import type { Filters, Volume, VolumeCreateOptions, VolumeListResponse } from '@gantry/api-types';
import type { ApiClient } from '../api-client.ts';
import { formatFilters } from '../query.ts';

export function listVolumes(client: ApiClient, filters?: Filters): Promise<VolumeListResponse> {
  return client.json({ method: 'GET', path: '/volumes', query: { filters: formatFilters(filters) } });
}

export function inspectVolume(client: ApiClient, name: string): Promise<Volume> {
  return client.json({ method: 'GET', path: `/volumes/${encodeURIComponent(name)}` });
}

export function createVolume(client: ApiClient, options: VolumeCreateOptions): Promise<Volume> {
  return client.json({ method: 'POST', path: '/volumes/create', json: options });
}

/** Of a cluster volume: `version` is the one that was read. */
export function updateVolume(
  client: ApiClient,
  id: string,
  { version, spec }: { version: number; spec: object },
): Promise<void> {
  return client.send({
    method: 'PUT',
    path: `/volumes/${encodeURIComponent(id)}`,
    query: { version },
    json: { Spec: spec },
  });
}

export function removeVolume(client: ApiClient, name: string, force: boolean = false): Promise<void> {
  return client.send({
    method: 'DELETE',
    path: `/volumes/${encodeURIComponent(name)}`,
    query: { force: force || undefined },
  });
}
