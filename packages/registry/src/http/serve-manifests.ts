import { isTag, maxDocumentBytes } from '@gantry/oci';
import { checkRepository } from '../storage/names.ts';
import { matchesTag } from './byte-range.ts';
import { NothingThereError, UnsupportedRequestError } from './errors.ts';
import type { RegistryExchange } from './registry-exchange.ts';
import { readBody } from './request-body.ts';
import { sendBytes, sendEmpty, sendHead } from './respond.ts';

/** What the path names. */
interface ManifestPath {
  repository: string;
  /** A tag or a digest. */
  reference: string;
}

/** `GET`, `HEAD`, `PUT` and `DELETE` of `/v2/<name>/manifests/<reference>`. */
export async function serveManifest(exchange: RegistryExchange, path: ManifestPath): Promise<void> {
  checkRepository(path.repository);
  switch (exchange.method) {
    case 'GET':
    case 'HEAD':
      return await getManifest(exchange, path);
    case 'PUT':
      return await putManifest(exchange, path);
    case 'DELETE':
      return await deleteManifest(exchange, path);
    default:
      throw new UnsupportedRequestError(`${exchange.method} of a manifest`);
  }
}

async function getManifest(
  exchange: RegistryExchange,
  { repository, reference }: ManifestPath,
): Promise<void> {
  const { storage, pullThrough, events } = exchange.services;
  const caller = await exchange.caller();
  caller.require(repository, ['pull']);
  if (pullThrough.covers(repository)) {
    await pullThrough.prepareManifest(repository, reference, exchange.signal);
  }
  const tag = tagOf(reference);
  const digest = tag === undefined ? reference : storage.tags.get(repository, tag)?.digest;
  const manifest = digest === undefined ? undefined : storage.manifests.get(repository, digest);
  if (manifest === undefined) throw unknownManifest(repository, reference);
  const entityTag = `"${manifest.digest}"`;
  const headers = {
    'Content-Type': manifest.mediaType,
    'Docker-Content-Digest': manifest.digest,
    ETag: entityTag,
  };
  if (matchesTag(exchange.request.headers['if-none-match'], entityTag)) {
    sendEmpty(exchange, 304, headers);
    return;
  }
  if (exchange.method === 'HEAD') {
    sendHead(exchange, 200, { ...headers, 'Content-Length': manifest.sizeBytes });
    exchange.response.end();
    return;
  }
  const bytes = await storage.manifests.read(repository, manifest.digest);
  if (bytes === undefined) throw unknownManifest(repository, reference);
  sendBytes(exchange, 200, { bytes, headers });
  storage.manifests.notePull(repository, manifest.digest, tag);
  const { mediaType, sizeBytes } = manifest;
  const about = { repository, digest: manifest.digest, mediaType, sizeBytes };
  events.publish(exchange.event({ action: 'pull', ...about, ...(tag === undefined ? {} : { tag }) }));
}

async function putManifest(
  exchange: RegistryExchange,
  { repository, reference }: ManifestPath,
): Promise<void> {
  const { storage, rules, events } = exchange.services;
  const caller = await exchange.caller();
  caller.require(repository, ['push']);
  refuseWhereCached(exchange, repository);
  const tag = tagOf(reference);
  const bytes = await readBody(exchange.request, maxDocumentBytes);
  const written = await storage.manifests.put(
    repository,
    { bytes, tag, mediaType: mediaTypeOf(exchange), digest: tag === undefined ? reference : undefined },
    {
      inTransaction: ({ manifest, previousDigest }) => {
        const { digest, mediaType, sizeBytes, artifactType } = manifest;
        const about = { repository, digest, mediaType, sizeBytes, ...(tag === undefined ? {} : { tag }) };
        rules.checkManifest({
          ...about,
          ...(artifactType === undefined ? {} : { artifactType }),
          ...(previousDigest === undefined ? {} : { previousDigest }),
        });
        events.publish(exchange.event({ action: 'push', ...about }));
      },
    },
  );
  sendEmpty(exchange, 201, {
    Location: `/v2/${repository}/manifests/${written.digest}`,
    'Docker-Content-Digest': written.digest,
    ...(written.subject === undefined ? {} : { 'OCI-Subject': written.subject }),
  });
}

/** A tag goes alone, a manifest with all its tags (distribution spec, "Deleting tags", "Deleting Manifests"). */
async function deleteManifest(
  exchange: RegistryExchange,
  { repository, reference }: ManifestPath,
): Promise<void> {
  const caller = await exchange.caller();
  caller.require(repository, ['delete']);
  const tag = tagOf(reference);
  const isGone =
    tag === undefined
      ? await deleteWithTags(exchange, repository, reference)
      : await deleteTag(exchange, repository, tag);
  if (!isGone) throw unknownManifest(repository, reference);
  sendEmpty(exchange, 202);
}

function deleteTag(exchange: RegistryExchange, repository: string, tag: string): Promise<boolean> {
  const { storage, rules, events } = exchange.services;
  return storage.tags.remove(repository, tag, {
    inTransaction: ({ digest }) => {
      rules.checkTagRemoval(repository, tag);
      events.publish(exchange.event({ action: 'delete', repository, digest, tag }));
    },
  });
}

function deleteWithTags(exchange: RegistryExchange, repository: string, digest: string): Promise<boolean> {
  const { storage, rules, events } = exchange.services;
  return storage.manifests.remove(repository, digest, {
    inTransaction: ({ manifest, tags }) => {
      const { mediaType, sizeBytes } = manifest;
      for (const tag of tags) {
        rules.checkTagRemoval(repository, tag);
        events.publish(exchange.event({ action: 'delete', repository, digest, tag }));
      }
      events.publish(exchange.event({ action: 'delete', repository, digest, mediaType, sizeBytes }));
    },
  });
}

/** What is fetched from another registry is that registry's: it is not written here. */
export function refuseWhereCached({ services }: RegistryExchange, repository: string): void {
  if (services.pullThrough.covers(repository)) {
    throw new UnsupportedRequestError(`pushing to ${repository}, which is a copy of another registry's,`);
  }
}

function unknownManifest(repository: string, reference: string): NothingThereError {
  const mark = tagOf(reference) === undefined ? '@' : ':';
  return new NothingThereError('manifest', `${repository}${mark}${reference}`);
}

/** Undefined for what has a colon, which no tag has: that is a digest, or nothing. */
function tagOf(reference: string): string | undefined {
  return reference.includes(':') && !isTag(reference) ? undefined : reference;
}

function mediaTypeOf({ request }: RegistryExchange): string | undefined {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim();
  return type === undefined || type === '' ? undefined : type;
}
