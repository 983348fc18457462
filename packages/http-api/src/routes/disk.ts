import type { Filters, SystemDataUsageResponse } from '@gantry/api-types';
import type { DiskBackend, DiskUsageKind } from '../backends/disk-backend.ts';
import { InvalidRequestError } from '../errors.ts';
import { parseVersion } from '../server/api-version.ts';
import type { Exchange } from '../server/exchange.ts';
import { sendJson } from '../server/respond.ts';
import { parseFilters } from '../wire/filters.ts';
import { bounded } from '../wire/query.ts';
import { withVirtualSize } from '../wire/virtual-size.ts';
import type { Route } from './route.ts';

const kinds: readonly DiskUsageKind[] = ['container', 'image', 'volume', 'build-cache'];

/** Up to this version a prune of volumes took the named ones too. */
const lastPruneOfNamedVolumes = parseVersion('1.41');

/** Space: who takes it, and getting it back. */
export function diskRoutes(disk: DiskBackend): Route[] {
  const prune = (path: string, run: (filters: Filters) => Promise<object>): Route => ({
    method: 'POST',
    path,
    handle: async (exchange) => sendJson(exchange, 200, await run(parseFilters(exchange.query))),
  });
  return [
    {
      method: 'GET',
      path: '/system/df',
      handle: async (exchange) => sendUsage(exchange, await disk.usage(wantedKinds(exchange))),
    },
    prune('/containers/prune', (filters) => disk.pruneContainers(filters)),
    prune('/images/prune', (filters) => disk.pruneImages(filters)),
    { method: 'POST', path: '/build/prune', handle: (exchange) => pruneBuildCache(disk, exchange) },
    prune('/networks/prune', (filters) => disk.pruneNetworks(filters)),
    { method: 'POST', path: '/volumes/prune', handle: (exchange) => pruneVolumes(disk, exchange) },
  ];
}

function sendUsage(exchange: Exchange, usage: SystemDataUsageResponse): void {
  const images = usage.Images?.map((image) => withVirtualSize(image, exchange.version));
  sendJson(exchange, 200, { ...usage, ...(images && { Images: images }) });
}

async function pruneVolumes(disk: DiskBackend, exchange: Exchange): Promise<void> {
  const filters = new Map(parseFilters(exchange.query));
  if (exchange.version <= lastPruneOfNamedVolumes) {
    if (filters.has('all')) throw new InvalidRequestError("invalid filter 'all'");
    filters.set('all', ['true']);
  }
  sendJson(exchange, 200, await disk.pruneVolumes(filters));
}

const cacheBounds = ['keep-storage', 'reserved-space', 'max-used-space', 'min-free-space'];

async function pruneBuildCache(disk: DiskBackend, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const sizes = cacheBounds.map((name) => [name, query.integer(name)] as const);
  const bounds = new Map(sizes.flatMap(([name, size]) => (size === undefined ? [] : [[name, size]])));
  const filters = parseFilters(query);
  sendJson(exchange, 200, await disk.pruneBuildCache(filters, { all: query.flag('all'), bounds }));
}

/** All kinds, unless some are named. Throws `InvalidRequestError` for one that does not exist. */
function wantedKinds({ query }: Exchange): ReadonlySet<DiskUsageKind> {
  const named = query.all('type');
  if (named.length === 0) return new Set(kinds);
  return new Set(
    named.map((name) => {
      const kind = kinds.find((known) => known === name);
      if (kind === undefined) throw new InvalidRequestError(`unknown object type: ${bounded(name)}`);
      return kind;
    }),
  );
}
