import type { EventMessage, Filters, SystemInfo, SystemVersion } from '@gantry/api-types';
import type { ApiClient } from '../api-client.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { readJsonLines, readLines } from '../json-lines.ts';
import { formatFilters } from '../query.ts';

export function systemVersion(client: ApiClient): Promise<SystemVersion> {
  return client.json({ method: 'GET', path: '/version' });
}

export function systemInfo(client: ApiClient): Promise<SystemInfo> {
  return client.json({ method: 'GET', path: '/info' });
}

export interface EventQuery {
  /** Unix seconds, with a fraction if wanted. */
  since?: string | undefined;
  /** Without it the events go on for ever. */
  until?: string | undefined;
  filters?: Filters;
  signal?: AbortSignal;
}

export async function systemEvents(
  client: ApiClient,
  query: EventQuery = {},
): Promise<AsyncIterable<EventMessage>> {
  return readJsonLines<EventMessage>((await requestEvents(client, query)).body);
}

/** Each event as the engine's JSON text: `timeNano` has more digits than a number holds. */
export async function systemEventLines(
  client: ApiClient,
  query: EventQuery = {},
): Promise<AsyncIterable<string>> {
  return readLines((await requestEvents(client, query)).body);
}

function requestEvents(client: ApiClient, query: EventQuery): Promise<HttpResponse> {
  return client.request({
    method: 'GET',
    path: '/events',
    query: { since: query.since, until: query.until, filters: formatFilters(query.filters) },
    signal: query.signal,
  });
}
