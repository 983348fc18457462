import { setImmediate as nextTurn } from 'node:timers/promises';
import { isTag } from '@gantry/oci';
import { NothingThereError } from '../http/errors.ts';
import type { RegistryExchange } from '../http/registry-exchange.ts';
import { sendJson } from '../http/respond.ts';
import type { RegistryRoute } from '../http/route.ts';
import { maxPageEntries, nextLink, pageOf, visibleRepositories } from '../http/serve-lists.ts';
import type { ManifestInfo } from '../storage/manifests.ts';
import { checkRepository } from '../storage/names.ts';

/**
 * What a page for people shows, as JSON; the distribution API tells neither sizes nor times. Lists come in pages as there
 * (`n`, `last`, the header `Link`).
 *
 *   GET  /api/v1/repositories                              names and times
 *   GET  /api/v1/repositories/<name>                       one, with what it takes
 *   GET  /api/v1/repositories/<name>/_tags                 tags, what they name, and times
 *   GET  /api/v1/repositories/<name>/_manifests            manifests, without what they are made of
 *   GET  /api/v1/repositories/<name>/_manifests/<reference> one, with its tags, layers and their sizes
 *   POST /api/v1/garbage-collection                        collects now; for administrators
 */
export const browseRoutes: readonly RegistryRoute[] = [
  { method: 'GET', path: '/api/v1/repositories', handle: listRepositories },
  { method: 'GET', path: '/api/v1/repositories/*', handle: serveBelow },
  { method: 'POST', path: '/api/v1/garbage-collection', handle: collectGarbage },
];

const prefix = '/api/v1/repositories/';

async function listRepositories(exchange: RegistryExchange): Promise<void> {
  const { limit, after } = pageOf(exchange);
  const { names, next } = await visibleRepositories(exchange, { limit, after });
  const { repositories } = exchange.services.storage;
  const found = names.flatMap((name) => repositories.get(name) ?? []);
  sendJson(exchange, { repositories: found }, { headers: nextLink(exchange, next, limit) });
}

/** A repository's name has slashes, and no component that begins with `_`: from there on the path says what is asked for. */
async function serveBelow(exchange: RegistryExchange): Promise<void> {
  const rest = exchange.path.slice(prefix.length);
  const [, ofTags] = /^(.+)\/_tags$/.exec(rest) ?? [];
  const [, ofManifests] = /^(.+)\/_manifests$/.exec(rest) ?? [];
  const [, ofManifest, reference] = /^(.+)\/_manifests\/([^/]+)$/.exec(rest) ?? [];
  const repository = checkRepository(ofTags ?? ofManifests ?? ofManifest ?? rest);
  const caller = await exchange.caller();
  caller.require(repository, ['pull']);
  if (exchange.services.storage.repositories.get(repository) === undefined) {
    throw new NothingThereError('repository', repository);
  }
  if (ofTags !== undefined) listTags(exchange, repository);
  else if (ofManifests !== undefined) listManifests(exchange, repository);
  else if (reference !== undefined) showManifest(exchange, repository, reference);
  else await showRepository(exchange, repository);
}

function listTags(exchange: RegistryExchange, repository: string): void {
  const { limit, after } = pageOf(exchange);
  const { tags, manifests } = exchange.services.storage;
  const page = limit === 0 ? [] : tags.list(repository, { limit: limit + 1, after });
  const shown = page.slice(0, limit).map((tag) => ({
    ...tag,
    mediaType: manifests.get(repository, tag.digest)?.mediaType,
  }));
  const next = page.length > limit ? shown.at(-1)?.tag : undefined;
  sendJson(exchange, { repository, tags: shown }, { headers: nextLink(exchange, next, limit) });
}

function listManifests(exchange: RegistryExchange, repository: string): void {
  const { limit, after } = pageOf(exchange);
  const { manifests } = exchange.services.storage;
  const page = limit === 0 ? [] : manifests.list(repository, { limit: limit + 1, after });
  const shown = page.slice(0, limit).map(({ references, ...manifest }) => ({
    ...manifest,
    contentBytes: contentBytes({ references }),
    tags: manifests.tagsOf(repository, manifest.digest),
  }));
  const next = page.length > limit ? shown.at(-1)?.digest : undefined;
  sendJson(exchange, { repository, manifests: shown }, { headers: nextLink(exchange, next, limit) });
}

function showManifest(exchange: RegistryExchange, repository: string, reference: string): void {
  const { manifests, tags } = exchange.services.storage;
  const digest = isTag(reference) ? tags.get(repository, reference)?.digest : reference;
  const manifest = digest === undefined ? undefined : manifests.get(repository, digest);
  if (manifest === undefined) throw new NothingThereError('manifest', `${repository}@${reference}`);
  sendJson(exchange, {
    repository,
    ...manifest,
    contentBytes: contentBytes(manifest),
    tags: manifests.tagsOf(repository, manifest.digest),
  });
}

/** What it takes by itself, which it may share with other repositories. */
async function showRepository(exchange: RegistryExchange, name: string): Promise<void> {
  const { repositories, blobs, manifests, tags } = exchange.services.storage;
  const stored = { blobs: 0, manifests: 0, tags: 0, sizeBytes: 0 };
  await eachPage(
    (page) => blobs.list(name, page),
    ({ digest, sizeBytes }) => {
      stored.blobs += 1;
      stored.sizeBytes += sizeBytes;
      return digest;
    },
  );
  await eachPage(
    (page) => manifests.list(name, page),
    ({ digest, sizeBytes }) => {
      stored.manifests += 1;
      stored.sizeBytes += sizeBytes;
      return digest;
    },
  );
  await eachPage(
    (page) => tags.list(name, page),
    ({ tag }) => {
      stored.tags += 1;
      return tag;
    },
  );
  sendJson(exchange, { ...repositories.get(name), ...stored });
}

/** `visit` returns what the next page comes after. */
async function eachPage<T>(
  list: (page: { limit: number; after?: string }) => T[],
  visit: (entry: T) => string,
): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const page = list({ limit: maxPageEntries, ...(after === undefined ? {} : { after }) });
    for (const entry of page) after = visit(entry);
    if (page.length < maxPageEntries) return;
    await nextTurn();
  }
}

function contentBytes({ references }: Pick<ManifestInfo, 'references'>): number {
  return references.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

async function collectGarbage(exchange: RegistryExchange): Promise<void> {
  const caller = await exchange.caller();
  caller.requireAdministration();
  sendJson(exchange, await exchange.services.storage.collectGarbage());
}
