import { writeChunks } from '@gantry/http-server';
import { parseReference } from '@gantry/oci';
import type { ImageBackend } from '../backends/image-backend.ts';
import { InvalidRequestError, NotBuiltError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { beginStream } from '../server/respond.ts';
import { streamBody } from '../wire/body.ts';
import { imageName } from '../wire/image-path.ts';
import { platformFromJson, platformFromText, platformsFromJson } from '../wire/platform.ts';
import { streamProgress } from '../wire/progress-stream.ts';
import { parseRegistryAuth } from '../wire/registry-auth.ts';
import type { Route } from './route.ts';

/** Images as bytes: pull, import, load, save. A client that goes away stops the work. */
export function imageTransferRoutes(images: ImageBackend): Route[] {
  return [
    {
      method: 'POST',
      path: '/images/create',
      streamsBody: true,
      handle: (exchange) => create(images, exchange),
    },
    { method: 'POST', path: '/images/load', streamsBody: true, handle: (exchange) => load(images, exchange) },
    {
      method: 'GET',
      path: '/images/get',
      handle: (exchange) => saveImages(images, exchange, exchange.query.all('names').map(imageName)),
    },
  ];
}

/** Sends the images as a tar. What fails before the first byte is an error response; later the connection is cut. */
export async function saveImages(
  images: ImageBackend,
  exchange: Exchange,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) throw new InvalidRequestError('no image to save: names must be given');
  const platforms = platformsFromJson(exchange.query, 'platform');
  const archive = await images.save(names, { signal: exchange.signal, ...(platforms ? { platforms } : {}) });
  beginStream(exchange, 'application/x-tar');
  await writeChunks(exchange.response, archive);
  exchange.response.end();
}

/** Without a tag, in the name or beside it, every tag of the repository is sent. */
export async function pushImage(images: ImageBackend, exchange: Exchange, name: string): Promise<void> {
  const { query, request, signal } = exchange;
  const ref = referenceOf(name, query.text('tag'));
  const { tag, digest } = parseReference(ref);
  if (digest !== undefined) throw new InvalidRequestError('cannot push a digest reference');
  const platform = platformFromJson(query);
  const auth = parseRegistryAuth(request.headers['x-registry-auth']);
  await streamProgress(exchange, (onProgress) =>
    images.push(ref, {
      onProgress,
      signal,
      allTags: tag === undefined,
      ...(platform ? { platform } : {}),
      ...(auth ? { auth } : {}),
    }),
  );
}

async function create(images: ImageBackend, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  if (query.text('fromImage') !== '') await pull(images, exchange);
  else if (query.text('fromSrc') !== '') await importImage(images, exchange);
  else throw new InvalidRequestError('neither fromImage nor fromSrc is given');
}

async function pull(images: ImageBackend, exchange: Exchange): Promise<void> {
  const { query, request, signal } = exchange;
  const ref = referenceOf(query.text('fromImage'), query.text('tag'));
  const { tag, digest } = parseReference(ref);
  const platform = platformFromText(query);
  const auth = parseRegistryAuth(request.headers['x-registry-auth']);
  await streamProgress(exchange, (onProgress) =>
    images.pull(ref, {
      onProgress,
      signal,
      allTags: tag === undefined && digest === undefined,
      // Gantry's own: Docker's API has no such parameter.
      verify: query.flag('verify', false),
      ...(platform ? { platform } : {}),
      ...(auth ? { auth } : {}),
    }),
  );
}

/** A tag given apart wins over one in the name; a digest in the name wins over both. The CLI sends a digest as the tag. */
function referenceOf(image: string, tag: string): string {
  const name = imageName(image.endsWith(':') ? image.slice(0, -1) : image);
  if (tag === '' || name.includes('@')) return name;
  if (tag.includes(':')) return `${name}@${tag}`;
  const colon = name.lastIndexOf(':');
  const untagged = colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
  return `${untagged}:${tag}`;
}

async function importImage(images: ImageBackend, exchange: Exchange): Promise<void> {
  const { query, signal } = exchange;
  if (query.text('fromSrc') !== '-') throw new NotBuiltError("importing from a URL ('fromSrc')");
  const repository = query.text('repo');
  const tag = query.text('tag');
  const reference = tag === '' ? repository : `${repository}:${tag}`;
  if (repository !== '') parseReference(reference);
  const platform = platformFromText(query);
  await streamProgress(exchange, async (onProgress) => {
    const id = await images.import(streamBody(exchange), {
      onProgress,
      signal,
      message: query.text('message'),
      changes: query.all('changes'),
      ...(repository === '' ? {} : { reference }),
      ...(platform ? { platform } : {}),
    });
    onProgress({ status: id });
  });
}

async function load(images: ImageBackend, exchange: Exchange): Promise<void> {
  const { query, signal } = exchange;
  const platforms = platformsFromJson(query, 'platform');
  await streamProgress(exchange, (onProgress) =>
    images.load(streamBody(exchange), {
      onProgress,
      signal,
      quiet: query.flag('quiet', true),
      ...(platforms ? { platforms } : {}),
    }),
  );
}
