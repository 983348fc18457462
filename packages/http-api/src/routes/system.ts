import type { EventMessage } from '@gantry/api-types';
import { drained } from '@gantry/http-server';
import type { SystemBackend } from '../backends/system-backend.ts';
import type { Exchange } from '../server/exchange.ts';
import { beginStream, sendEmpty, sendJson } from '../server/respond.ts';
import { parseFilters } from '../wire/filters.ts';
import type { Route } from './route.ts';

const pingHeaders = [
  'Builder-Version',
  '2',
  'Swarm',
  'inactive',
  'Cache-Control',
  'no-cache, no-store, must-revalidate',
  'Pragma',
  'no-cache',
  'Content-Type',
  'text/plain; charset=utf-8',
] as const;

/** The engine as a whole. */
export function systemRoutes(system: SystemBackend): Route[] {
  return [
    { method: 'HEAD', path: '/_ping', handle: (exchange) => sendEmpty(exchange, 200, pingHeaders) },
    { method: 'GET', path: '/_ping', handle: ping },
    {
      method: 'GET',
      path: '/version',
      handle: async (exchange) => sendJson(exchange, 200, await system.version()),
    },
    {
      method: 'GET',
      path: '/info',
      handle: async (exchange) => sendJson(exchange, 200, await system.info()),
    },
    { method: 'GET', path: '/events', handle: (exchange) => events(system, exchange) },
  ];
}

function ping({ response, context }: Exchange): void {
  response.writeHead(200, [...context.commonHeaders, ...pingHeaders, 'Content-Length', '2']);
  response.end('OK');
}

/**
 * One JSON object a line, the headers at once. A client that does not read holds nobody up: its backend queue is bounded,
 * and when the backend gives up on it the connection is cut, so that it cannot take what it got for everything.
 */
async function events(system: SystemBackend, exchange: Exchange): Promise<void> {
  const { query, response, signal } = exchange;
  const sinceNs = query.timestampNs('since');
  const untilNs = query.timestampNs('until');
  const messages = system.events({
    filters: parseFilters(query),
    signal,
    ...(sinceNs === undefined ? {} : { sinceNs }),
    ...(untilNs === undefined ? {} : { untilNs }),
  });
  const iterator = messages[Symbol.asyncIterator]();
  // Asked for before the headers go out: who has seen them misses no event after that, and a refused filter is a 400.
  const first = iterator.next();
  await Promise.race([first, new Promise((resolve) => setImmediate(resolve))]);
  beginStream(exchange, 'application/json');
  for (let next = await first; next.done !== true; next = await iterator.next()) {
    if (response.destroyed) break;
    response.write(`${eventLine(next.value)}\n`);
    await drained(response);
  }
  await iterator.return?.();
  response.end();
}

/** Nanoseconds are more than what a JSON writer gives of a number: all their digits are written. */
function eventLine(message: EventMessage): string {
  const { timeNano, ...rest } = withLegacyFields(message);
  const text = JSON.stringify(rest);
  return timeNano === undefined ? text : `${text.slice(0, -1)},"timeNano":${BigInt(timeNano)}}`;
}

/** Up to API 1.51 an event says the same thing a second time: docker CLI 28's `stats` reads `id`. */
function withLegacyFields(
  message: EventMessage,
): EventMessage & { status?: string; id?: string; from?: string } {
  const { Type: type, Action: status, Actor: actor } = message;
  if (type !== 'container' && type !== 'image') return message;
  const id = actor?.ID;
  const from = type === 'container' ? actor?.Attributes?.['image'] : undefined;
  return {
    ...(status === undefined ? {} : { status }),
    ...(id === undefined ? {} : { id }),
    ...(from === undefined ? {} : { from }),
    ...message,
  };
}
