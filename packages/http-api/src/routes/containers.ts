import { EngineError } from '@gantry/base';
import type { ContainerBackend } from '../backends/container-backend.ts';
import { containerCreateBody } from '../bodies/container-create.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { sendEmpty, sendJson } from '../server/respond.ts';
import { readJsonBody } from '../wire/body.ts';
import { parseFilters } from '../wire/filters.ts';
import { modernNetworking, withOldAliases } from '../wire/networking-version.ts';
import type { Route } from './route.ts';

/** Far above any sane create request, far below what would hurt. */
const maxCreateBytes = 1024 * 1024;

const autoRemoveSince = 1025;

/** Containers as objects: make, list, look, rename, remove. */
export function containerRoutes(containers: ContainerBackend): Route[] {
  return [
    { method: 'POST', path: '/containers/create', handle: (exchange) => create(containers, exchange) },
    { method: 'GET', path: '/containers/json', handle: (exchange) => list(containers, exchange) },
    {
      method: 'GET',
      path: '/containers/:id/json',
      handle: async (exchange) => {
        const size = exchange.query.flag('size');
        const container = await containers.inspect(exchange.reference('id'), { size });
        sendJson(exchange, 200, withOldAliases(container, exchange.version));
      },
    },
    {
      method: 'GET',
      path: '/containers/:id/top',
      handle: async (exchange) => {
        const psArguments = exchange.query.text('ps_args') || '-ef';
        sendJson(exchange, 200, await containers.top(exchange.reference('id'), psArguments));
      },
    },
    {
      method: 'POST',
      path: '/containers/:id/rename',
      handle: async (exchange) => {
        const name = exchange.query.text('name');
        if (name === '') throw new InvalidRequestError('Neither old nor new names may be empty');
        await containers.rename(exchange.reference('id'), name);
        sendEmpty(exchange, 204);
      },
    },
    { method: 'DELETE', path: '/containers/:id', handle: (exchange) => remove(containers, exchange) },
    {
      method: 'DELETE',
      path: '/containers/:id/:alias',
      handle: (exchange) => removeLink(containers, exchange),
    },
  ];
}

async function create(containers: ContainerBackend, exchange: Exchange): Promise<void> {
  const request = await readJsonBody(exchange, containerCreateBody, { maxBytes: maxCreateBytes });
  if (request === undefined) {
    throw new InvalidRequestError('config cannot be empty in order to create a container', {
      code: 'bad-body',
    });
  }
  // Until API 1.24 the client removed the container itself.
  if (exchange.version < autoRemoveSince && request.HostConfig !== undefined)
    request.HostConfig.AutoRemove = false;
  const warnings = modernNetworking(request, exchange.version);
  const name = exchange.query.text('name');
  const platform = exchange.query.text('platform');
  const created = await containers.create(request, {
    ...(name === '' ? {} : { name }),
    ...(platform === '' ? {} : { platform }),
    signal: exchange.signal,
  });
  sendJson(exchange, 201, { ...created, Warnings: [...created.Warnings, ...warnings] });
}

async function list(containers: ContainerBackend, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  for (const name of ['before', 'since']) {
    if (query.text(name) !== '') throw new InvalidRequestError(`'${name}' is a filter since API 1.24`);
  }
  const limit = query.integer('limit') ?? 0;
  const summaries = await containers.list({
    all: query.flag('all'),
    size: query.flag('size'),
    filters: parseFilters(query),
    ...(limit > 0 ? { limit } : {}),
  });
  sendJson(exchange, 200, summaries);
}

async function remove(containers: ContainerBackend, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  if (query.flag('link')) {
    throw new EngineError(
      'internal',
      'default-link',
      'Conflict, cannot remove the default link name of the container',
    );
  }
  await containers.remove(exchange.reference('id'), { force: query.flag('force'), volumes: query.flag('v') });
  sendEmpty(exchange, 204);
}

/** A link has a name below its container's: `web/db`. No container has a name like that. */
async function removeLink(containers: ContainerBackend, exchange: Exchange): Promise<void> {
  const [ref, alias] = [exchange.reference('id'), exchange.reference('alias')];
  if (exchange.query.flag('link')) await containers.removeLink(ref, alias);
  else await containers.remove(`${ref}/${alias}`, { force: false, volumes: false });
  sendEmpty(exchange, 204);
}
