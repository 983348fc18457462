import type { VolumeListResponse } from '@gantry/api-types';
import type { VolumeBackend } from '../backends/system-backend.ts';
import { volumeCreateBody } from '../bodies/volume-create.ts';
import { NotBuiltError, NotInSwarmError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { sendEmpty, sendJson } from '../server/respond.ts';
import { readJsonBody } from '../wire/body.ts';
import { parseFilters } from '../wire/filters.ts';
import type { Route } from './route.ts';

/** Volumes: make, list, look, remove. */
export function volumeRoutes(volumes: VolumeBackend): Route[] {
  return [
    {
      method: 'GET',
      path: '/volumes',
      handle: async (exchange) => {
        const response: VolumeListResponse = {
          Volumes: await volumes.list(parseFilters(exchange.query)),
          Warnings: [],
        };
        sendJson(exchange, 200, response);
      },
    },
    { method: 'POST', path: '/volumes/create', handle: (exchange) => create(volumes, exchange) },
    {
      method: 'GET',
      path: '/volumes/:name',
      handle: async (exchange) => sendJson(exchange, 200, await volumes.inspect(exchange.reference('name'))),
    },
    {
      method: 'DELETE',
      path: '/volumes/:name',
      handle: async (exchange) => {
        await volumes.remove(exchange.reference('name'), { force: exchange.query.flag('force') });
        sendEmpty(exchange, 204);
      },
    },
  ];
}

async function create(volumes: VolumeBackend, exchange: Exchange): Promise<void> {
  const request = (await readJsonBody(exchange, volumeCreateBody)) ?? {};
  const { Name: name = '', Driver: driver = '', Labels: labels } = request;
  if (request.ClusterVolumeSpec !== undefined) throw new NotInSwarmError();
  if (driver !== '' && driver !== 'local') throw new NotBuiltError(`volume driver '${driver.slice(0, 128)}'`);
  const [option] = Object.keys(request.DriverOpts ?? {});
  if (option !== undefined)
    throw new NotBuiltError(`option '${option.slice(0, 128)}' of volume driver 'local'`);
  const volume = await volumes.create({ ...(name === '' ? {} : { name }), ...(labels ? { labels } : {}) });
  sendJson(exchange, 201, volume);
}
