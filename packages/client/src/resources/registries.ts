import type { Filters, ImageSearchResponseItem, SystemAuthResponse } from '@gantry/api-types';
import type { ApiClient } from '../api-client.ts';
import { formatFilters } from '../query.ts';

export interface SignInRequest {
  username?: string;
  password?: string;
  serveraddress: string;
  identitytoken?: string;
}

/** Asks a registry, through the engine, whether it takes the credentials. */
export function signIn(client: ApiClient, request: SignInRequest): Promise<SystemAuthResponse> {
  return client.json({ method: 'POST', path: '/auth', json: request });
}

export interface SearchQuery {
  term: string;
  limit?: number | undefined;
  filters?: Filters;
  /** The value of `X-Registry-Auth`. */
  registryAuth: string;
}

/** Repositories of Docker Hub, or of the registry that the term begins with. */
export function searchImages(
  client: ApiClient,
  { term, limit, filters, registryAuth }: SearchQuery,
): Promise<ImageSearchResponseItem[]> {
  return client.json({
    method: 'GET',
    path: '/images/search',
    query: { term, limit, filters: formatFilters(filters) },
    headers: { 'X-Registry-Auth': registryAuth },
  });
}
