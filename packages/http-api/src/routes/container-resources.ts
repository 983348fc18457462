import { drained } from '@gantry/http-server';
import type { ContainerBackend } from '../backends/container-backend.ts';
import { containerUpdateBody } from '../bodies/container-create.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { beginStream, sendJson } from '../server/respond.ts';
import { readJsonBody } from '../wire/body.ts';
import type { Route } from './route.ts';

const maxUpdateBytes = 256 * 1024;
const oneShotSince = 1041;

/** What containers may use, and what they do use. */
export function containerResourceRoutes(containers: ContainerBackend): Route[] {
  return [
    { method: 'GET', path: '/containers/:id/stats', handle: (exchange) => stats(containers, exchange) },
    { method: 'POST', path: '/containers/:id/update', handle: (exchange) => update(containers, exchange) },
  ];
}

async function update(containers: ContainerBackend, exchange: Exchange): Promise<void> {
  const request = await readJsonBody(exchange, containerUpdateBody, { maxBytes: maxUpdateBytes });
  if (request === undefined) {
    throw new InvalidRequestError('an update needs a body', { code: 'bad-body' });
  }
  sendJson(exchange, 200, await containers.update(exchange.reference('id'), request));
}

async function stats(containers: ContainerBackend, exchange: Exchange): Promise<void> {
  const { query, response, signal } = exchange;
  const stream = query.text('stream') === '' || query.flag('stream');
  const oneShot = exchange.version >= oneShotSince && query.flag('one-shot');
  if (stream && oneShot) throw new InvalidRequestError('cannot have stream=true and one-shot=true');
  const samples = await containers.stats(exchange.reference('id'), { stream, oneShot, signal });
  beginStream(exchange, 'application/json');
  for await (const sample of samples) {
    if (response.destroyed) break;
    response.write(`${JSON.stringify(sample)}\n`);
    await drained(response);
  }
  response.end();
}
