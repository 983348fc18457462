import type { ImageBackend, ImagePlatform } from '../backends/image-backend.ts';
import { InvalidRequestError, PageNotFoundError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { sendEmpty, sendJson } from '../server/respond.ts';
import { parseFilters } from '../wire/filters.ts';
import { imageName, splitImagePath } from '../wire/image-path.ts';
import { platformFromJson, platformsFromJson } from '../wire/platform.ts';
import { withVirtualSize } from '../wire/virtual-size.ts';
import { pushImage, saveImages } from './image-transfer.ts';
import type { Route } from './route.ts';

/**
 * Images as objects. A name has slashes and is not escaped, so the operation is the last part of the path:
 * `/images/docker.io/library/debian:12/json`.
 */
export function imageRoutes(images: ImageBackend): Route[] {
  return [
    { method: 'GET', path: '/images/json', handle: (exchange) => list(images, exchange) },
    { method: 'GET', path: '/images/*', handle: (exchange) => get(images, exchange) },
    { method: 'POST', path: '/images/*', handle: (exchange) => post(images, exchange) },
    { method: 'DELETE', path: '/images/*', handle: (exchange) => remove(images, exchange) },
  ];
}

async function list(images: ImageBackend, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const listed = await images.list({
    all: query.flag('all'),
    filters: parseFilters(query),
    sharedSize: query.flag('shared-size'),
    manifests: query.flag('manifests'),
  });
  sendJson(
    exchange,
    200,
    listed.map((image) => withVirtualSize(image, exchange.version)),
  );
}

async function get(images: ImageBackend, exchange: Exchange): Promise<void> {
  const { name, operation } = splitImagePath(exchange);
  switch (operation) {
    case 'json':
      await inspect(images, exchange, name);
      return;
    case 'history':
      sendJson(exchange, 200, await images.history(name, wantedPlatform(exchange)));
      return;
    case 'get':
      await saveImages(images, exchange, [name]);
      return;
    default:
      throw new PageNotFoundError();
  }
}

async function inspect(images: ImageBackend, exchange: Exchange, name: string): Promise<void> {
  const platform = wantedPlatform(exchange);
  const manifests = exchange.query.flag('manifests');
  if (manifests && platform.platform !== undefined) {
    throw new InvalidRequestError('conflicting options: manifests and platform options cannot both be set');
  }
  const image = await images.inspect(name, { manifests, ...platform });
  sendJson(exchange, 200, withVirtualSize(image, exchange.version));
}

function wantedPlatform({ query }: Exchange): { platform?: ImagePlatform } {
  const platform = platformFromJson(query);
  return platform === undefined ? {} : { platform };
}

async function post(images: ImageBackend, exchange: Exchange): Promise<void> {
  const { name, operation } = splitImagePath(exchange);
  if (operation === 'push') {
    await pushImage(images, exchange, name);
    return;
  }
  if (operation !== 'tag') throw new PageNotFoundError();
  const repository = exchange.query.text('repo');
  if (repository === '') throw new InvalidRequestError('invalid reference format: repo must be given');
  await images.tag(name, repository, exchange.query.text('tag') || 'latest');
  sendEmpty(exchange, 201);
}

async function remove(images: ImageBackend, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const platforms = platformsFromJson(query, 'platforms');
  const removed = await images.remove(imageName(exchange.params['*'] ?? ''), {
    force: query.flag('force'),
    prune: !query.flag('noprune'),
    ...(platforms ? { platforms } : {}),
  });
  sendJson(exchange, 200, removed);
}
