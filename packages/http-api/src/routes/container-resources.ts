import type { ContainerBackend } from '../backends/container-backend.ts';
import { containerUpdateBody } from '../bodies/container-create.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { sendJson } from '../server/respond.ts';
import { readJsonBody } from '../wire/body.ts';
import type { Route } from './route.ts';

const maxUpdateBytes = 256 * 1024;

/** What containers may use. */
export function containerResourceRoutes(containers: ContainerBackend): Route[] {
  return [
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
