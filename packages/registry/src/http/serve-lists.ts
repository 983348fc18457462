import { type Descriptor, isTag, mediaTypes, parseDigest } from '@gantry/oci';
import { checkRepository } from '../storage/names.ts';
import { BadRequestError, NothingThereError, UnsupportedRequestError } from './errors.ts';
import type { RegistryExchange } from './registry-exchange.ts';
import { sendJson } from './respond.ts';

/** Whatever `n` asks for: the catalog of another registry once took all its memory (GHSA-hqxw-f8mx-cpmw). */
export const maxPageEntries = 1000;

/** A page of referrers is a manifest, and no longer than one may be. */
const maxReferrersBytes = 3 << 20;

/** How many repositories that the caller may not see are passed over for one page. */
const maxPassedOver = 10_000;

/** `GET /v2/<name>/tags/list`. */
export async function serveTags(
  exchange: RegistryExchange,
  { repository }: { repository: string },
): Promise<void> {
  requireGet(exchange, 'the list of tags');
  checkRepository(repository);
  const { storage } = exchange.services;
  const caller = await exchange.caller();
  caller.require(repository, ['pull']);
  if (storage.repositories.get(repository) === undefined)
    throw new NothingThereError('repository', repository);
  const { limit, after } = pageOf(exchange);
  if (after !== undefined && !isTag(after)) throw new BadRequestError('`last` is no tag');
  const tags = limit === 0 ? [] : storage.tags.list(repository, { limit: limit + 1, after });
  const page = tags.slice(0, limit).map(({ tag }) => tag);
  const next = tags.length > limit ? page.at(-1) : undefined;
  sendJson(exchange, { name: repository, tags: page }, { headers: nextLink(exchange, next, limit) });
}

/** `GET /v2/_catalog` (Docker's, not in the OCI spec): the repositories that the caller may pull from. */
export async function serveCatalog(exchange: RegistryExchange): Promise<void> {
  requireGet(exchange, 'the catalog');
  const { limit, after } = pageOf(exchange);
  const { names, next } = await visibleRepositories(exchange, { limit, after });
  sendJson(exchange, { repositories: names }, { headers: nextLink(exchange, next, limit) });
}

/**
 * A page of the names that the caller may pull from; `next` is what the next page comes after. It may be short, or empty, where
 * many are passed over.
 */
export async function visibleRepositories(
  exchange: RegistryExchange,
  { limit, after }: { limit: number; after: string | undefined },
): Promise<{ names: string[]; next?: string }> {
  const mayPull = (await exchange.caller()).visible();
  const names: string[] = [];
  let last = after;
  for (let looked = 0; looked < maxPassedOver && names.length < limit; looked += maxPageEntries) {
    const page = exchange.services.storage.repositories.list({ limit: maxPageEntries, after: last });
    for (const { name } of page) {
      if (names.length === limit) break;
      if (mayPull(name)) names.push(name);
      last = name;
    }
    if (page.length < maxPageEntries && (page.at(-1)?.name ?? last) === last) return { names };
  }
  return last === undefined ? { names } : { names, next: last };
}

/** `GET /v2/<name>/referrers/<digest>`: an index of the manifests whose subject it is; also of a digest that is unknown. */
export async function serveReferrers(
  exchange: RegistryExchange,
  { repository, digest }: { repository: string; digest: string },
): Promise<void> {
  requireGet(exchange, 'the list of referrers');
  checkRepository(repository);
  parseDigest(digest);
  const { storage } = exchange.services;
  const caller = await exchange.caller();
  caller.require(repository, ['pull']);
  const wantedType = exchange.query.get('artifactType');
  const { manifests, next } = collectReferrers(
    (after) => storage.referrers.list(repository, digest, { limit: maxPageEntries, after }),
    { wantedType, after: exchange.query.get('last') ?? undefined },
  );
  const query = new URLSearchParams({
    ...(wantedType === null ? {} : { artifactType: wantedType }),
    last: next ?? '',
  });
  const link = `</v2/${repository}/referrers/${digest}?${query}>; rel="next"`;
  sendJson(
    exchange,
    { schemaVersion: 2, mediaType: mediaTypes.index, manifests },
    {
      headers: {
        'Content-Type': mediaTypes.index,
        ...(wantedType === null ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
        ...(next === undefined ? {} : { Link: link }),
      },
    },
  );
}

/** One page of at most so many, and so many bytes. `next` is what the next page comes after. */
function collectReferrers(
  pageAfter: (after: string | undefined) => Descriptor[],
  { wantedType, after }: { wantedType: string | null; after: string | undefined },
): { manifests: Descriptor[]; next?: string } {
  const page = pageAfter(after);
  const manifests: Descriptor[] = [];
  let sizeBytes = 0;
  let last = after;
  for (const descriptor of page) {
    const bytes = Buffer.byteLength(JSON.stringify(descriptor));
    if (manifests.length > 0 && sizeBytes + bytes > maxReferrersBytes) return { manifests, next: last ?? '' };
    last = descriptor.digest;
    if (wantedType !== null && descriptor.artifactType !== wantedType) continue;
    manifests.push(descriptor);
    sizeBytes += bytes;
  }
  return page.length < maxPageEntries || last === undefined ? { manifests } : { manifests, next: last };
}

/** `n` and `last`. Throws `BadRequestError`. */
export function pageOf({ query }: RegistryExchange): { limit: number; after: string | undefined } {
  const text = query.get('n');
  if (text !== null && !/^\d{1,18}$/.test(text)) throw new BadRequestError('`n` is not a number');
  const limit = text === null ? maxPageEntries : Math.min(Number(text), maxPageEntries);
  const last = query.get('last');
  return { limit, after: last === null || last === '' ? undefined : last.slice(0, 512) };
}

/** The header that leads to the page after `next` (RFC 8288), where there is one. */
export function nextLink(
  { path }: RegistryExchange,
  next: string | undefined,
  limit: number,
): Record<string, string> {
  if (next === undefined || limit === 0) return {};
  const query = new URLSearchParams({ n: String(limit), last: next });
  return { Link: `<${path}?${query}>; rel="next"` };
}

function requireGet({ method }: RegistryExchange, what: string): void {
  if (method !== 'GET' && method !== 'HEAD') throw new UnsupportedRequestError(`${method} of ${what}`);
}
