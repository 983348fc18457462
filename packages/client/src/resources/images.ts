import type {
  Filters,
  ImageDeleteResponseItem,
  ImageHistoryResponseItem,
  ImageInspect,
  ImageSummary,
  ProgressMessage,
} from '@gantry/api-types';
import type { ApiClient } from '../api-client.ts';
import { readProgress } from '../json-lines.ts';
import { formatFilters, imagePath } from '../query.ts';

export function listImages(
  client: ApiClient,
  query: { all?: boolean; digests?: boolean; manifests?: boolean; filters?: Filters } = {},
): Promise<ImageSummary[]> {
  return client.json({
    method: 'GET',
    path: '/images/json',
    query: {
      all: query.all || undefined,
      digests: query.digests || undefined,
      manifests: query.manifests || undefined,
      filters: formatFilters(query.filters),
    },
  });
}

/** `platform` as the API's JSON object: `{"os":"linux","architecture":"arm64"}`. */
export function inspectImage(client: ApiClient, name: string, platform?: string): Promise<ImageInspect> {
  return client.json({ method: 'GET', path: `/images/${imagePath(name)}/json`, query: { platform } });
}

export function imageHistory(
  client: ApiClient,
  name: string,
  platform?: string,
): Promise<ImageHistoryResponseItem[]> {
  return client.json({ method: 'GET', path: `/images/${imagePath(name)}/history`, query: { platform } });
}

export function tagImage(client: ApiClient, source: string, repository: string, tag: string): Promise<void> {
  return client.send({
    method: 'POST',
    path: `/images/${imagePath(source)}/tag`,
    query: { repo: repository, tag },
  });
}

export function removeImage(
  client: ApiClient,
  name: string,
  options: { force?: boolean; noPrune?: boolean; platforms?: readonly string[] } = {},
): Promise<ImageDeleteResponseItem[]> {
  return client.json({
    method: 'DELETE',
    path: `/images/${imagePath(name)}`,
    query: {
      force: options.force || undefined,
      noprune: options.noPrune || undefined,
      platforms: options.platforms,
    },
  });
}

export interface PullQuery {
  fromImage: string;
  /** Missing: every tag. */
  tag?: string | undefined;
  /** `os/arch[/variant]`. */
  platform?: string | undefined;
  /** Gantry's own: only with a signature that the engine's policy takes. */
  verify?: boolean | undefined;
  /** The value of `X-Registry-Auth`. */
  registryAuth?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** The messages of a pull; a failure is thrown, before the first message or in their midst. */
export async function pullImage(
  client: ApiClient,
  query: PullQuery,
): Promise<AsyncIterable<ProgressMessage>> {
  const { fromImage, tag, platform, verify, registryAuth, signal } = query;
  const response = await client.request({
    method: 'POST',
    path: '/images/create',
    query: { fromImage, tag, platform, verify: verify || undefined },
    headers: registryAuth === undefined ? {} : { 'X-Registry-Auth': registryAuth },
    signal,
  });
  return readProgress(response.body);
}

export interface ImportQuery {
  /** `-` for `archive`, or a URL that the engine fetches. */
  fromSource: string;
  archive?: AsyncIterable<Uint8Array> | undefined;
  /** The new image's name, with its tag. */
  repository?: string | undefined;
  message?: string | undefined;
  changes?: readonly string[];
  platform?: string | undefined;
}

export async function importImage(
  client: ApiClient,
  query: ImportQuery,
): Promise<AsyncIterable<ProgressMessage>> {
  const response = await client.request({
    method: 'POST',
    path: '/images/create',
    query: {
      fromSrc: query.fromSource,
      repo: query.repository,
      message: query.message,
      changes: query.changes,
      platform: query.platform,
    },
    ...(query.archive === undefined
      ? {}
      : { body: query.archive, headers: { 'Content-Type': 'text/plain' } }),
  });
  return readProgress(response.body);
}

export interface BuildQuery {
  /** A tar of files, compressed or not; missing when the engine fetches `remote`. */
  context?: AsyncIterable<Uint8Array> | undefined;
  /** Further parameters of `POST /build`, by their names there. */
  parameters: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** The value of `X-Registry-Config`. */
  registryConfig: string;
  signal?: AbortSignal | undefined;
}

/** The messages of a build; a failure is thrown, before the first message or in their midst. */
export async function buildImage(
  client: ApiClient,
  { context, parameters, registryConfig, signal }: BuildQuery,
): Promise<AsyncIterable<ProgressMessage>> {
  const response = await client.request({
    method: 'POST',
    path: '/build',
    query: parameters,
    headers: { 'X-Registry-Config': registryConfig, 'Content-Type': 'application/x-tar' },
    ...(context && { body: context }),
    signal,
  });
  return readProgress(response.body);
}

/** Sends an archive; the messages tell what was loaded. */
export async function loadImages(
  client: ApiClient,
  archive: AsyncIterable<Uint8Array>,
  options: { quiet?: boolean; platforms?: readonly string[]; signal?: AbortSignal } = {},
): Promise<AsyncIterable<ProgressMessage>> {
  const response = await client.request({
    method: 'POST',
    path: '/images/load',
    query: { quiet: options.quiet || undefined, platform: options.platforms },
    headers: { 'Content-Type': 'application/x-tar' },
    body: archive,
    signal: options.signal,
  });
  return readProgress(response.body);
}

/** A tar archive of the images. */
export async function saveImages(
  client: ApiClient,
  names: readonly string[],
  options: { platforms?: readonly string[]; signal?: AbortSignal } = {},
): Promise<AsyncIterable<Buffer>> {
  const response = await client.request({
    method: 'GET',
    path: '/images/get',
    query: { names, platform: options.platforms },
    signal: options.signal,
  });
  return response.body;
}

export interface PushQuery {
  repository: string;
  /** Missing: every tag. */
  tag?: string | undefined;
  /** As the API takes it: a JSON object. */
  platform?: string | undefined;
  /** The value of `X-Registry-Auth`. */
  registryAuth: string;
}

/** The messages of a push; a failure is thrown, before the first message or in their midst. */
export async function pushImage(
  client: ApiClient,
  { repository, tag, platform, registryAuth }: PushQuery,
): Promise<AsyncIterable<ProgressMessage>> {
  const response = await client.request({
    method: 'POST',
    path: `/images/${imagePath(repository)}/push`,
    query: { tag, platform },
    headers: { 'X-Registry-Auth': registryAuth },
  });
  return readProgress(response.body);
}
