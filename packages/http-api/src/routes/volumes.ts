import type { VolumeListResponse } from '@gantry/api-types';
import type { VolumeBackend } from '../backends/system-backend.ts';
import { volumeCreateBody } from '../bodies/volume-create.ts';
import { NotInSwarmError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { sendEmpty, sendJson } from '../server/respond.ts';
import { readJsonBody } from '../wire/body.ts';
import { parseFilters } from '../wire/filters.ts';
import type { Route } from './route.ts';

/** Volumes: make, list, look, remove. Names of plugins' volumes may have slashes. */
export function volumeRoutes(volumes: VolumeBackend): Route[] {
  return [
    {
      method: 'GET',
      path: '/volumes',
      handle: async (exchange) => {
        const response: VolumeListResponse = await volumes.list(parseFilters(exchange.query));
        sendJson(exchange, 200, response);
      },
    },
    { method: 'POST', path: '/volumes/create', handle: (exchange) => create(volumes, exchange) },
    {
      method: 'GET',
      path: '/volumes/*',
      handle: async (exchange) => sendJson(exchange, 200, await volumes.inspect(exchange.reference('*'))),
    },
    {
      method: 'DELETE',
      path: '/volumes/*',
      handle: async (exchange) => {
        await volumes.remove(exchange.reference('*'), { force: exchange.query.flag('force') });
        sendEmpty(exchange, 204);
      },
    },
  ];
}

async function create(volumes: VolumeBackend, exchange: Exchange): Promise<void> {
  const request = (await readJsonBody(exchange, volumeCreateBody)) ?? {};
  const { Name: name = '', Driver: driver = '', DriverOpts: options, Labels: labels } = request;
  if (request.ClusterVolumeSpec !== undefined) throw new NotInSwarmError();
  const volume = await volumes.create({
    ...(name !== '' && { name }),
    ...(driver !== '' && { driver }),
    ...(options && { options }),
    ...(labels && { labels }),
  });
  sendJson(exchange, 201, volume);
}
