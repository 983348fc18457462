import { parseDigest } from '@gantry/oci';
import type { BlobChange } from '../storage/blobs.ts';
import { checkRepository } from '../storage/names.ts';
import type { ChangeOptions } from '../storage/registry-storage.ts';
import type { UploadInfo } from '../storage/uploads.ts';
import { BadRequestError, UnsupportedRequestError } from './errors.ts';
import type { RegistryExchange } from './registry-exchange.ts';
import { contentLength, contentRange, streamBody } from './request-body.ts';
import { sendEmpty } from './respond.ts';
import { refuseWhereCached } from './serve-manifests.ts';
import { uploadRange } from './wire-error.ts';

/**
 * `POST /v2/<name>/blobs/uploads/`: takes a blob over from another repository (`mount`), takes it whole (`digest`), or begins
 * an upload.
 */
export async function serveUploads(
  exchange: RegistryExchange,
  { repository }: { repository: string },
): Promise<void> {
  if (exchange.method !== 'POST') throw new UnsupportedRequestError(`${exchange.method} of uploads`);
  await requirePush(exchange, repository);
  const mount = exchange.query.get('mount');
  if (mount !== null && (await mountBlob(exchange, repository, parseDigest(mount)))) return;
  const { storage, rules } = exchange.services;
  const digest = exchange.query.get('digest');
  const announced = digest === null ? 0 : (contentLength(exchange.request) ?? 0);
  if (digest !== null) parseDigest(digest);
  rules.checkBlob({ repository, sizeBytes: announced, ...(digest === null ? {} : { digest }) });
  const upload = storage.uploads.begin(repository);
  if (digest !== null && mount === null) await finishUpload(exchange, upload, digest);
  else sendProgress(exchange, upload);
}

/** `GET`, `PATCH`, `PUT` and `DELETE` of `/v2/<name>/blobs/uploads/<id>`. */
export async function serveUpload(
  exchange: RegistryExchange,
  { repository, id }: { repository: string; id: string },
): Promise<void> {
  await requirePush(exchange, repository);
  const { uploads } = exchange.services.storage;
  switch (exchange.method) {
    case 'GET':
      return sendEmpty(exchange, 204, progressHeaders(await uploads.get(repository, id)));
    case 'PATCH':
      return sendProgress(exchange, await appendBody(exchange, repository, id));
    case 'PUT':
      return await finishUpload(exchange, { repository, id }, exchange.query.get('digest'));
    case 'DELETE':
      await uploads.cancel(repository, id);
      return sendEmpty(exchange, 204);
    default:
      throw new UnsupportedRequestError(`${exchange.method} of an upload`);
  }
}

async function requirePush(exchange: RegistryExchange, repository: string): Promise<void> {
  checkRepository(repository);
  const caller = await exchange.caller();
  caller.require(repository, ['push']);
  refuseWhereCached(exchange, repository);
}

/** False when there is nothing to take over, or the caller may not read it there: an upload is begun then. */
async function mountBlob(exchange: RegistryExchange, to: string, digest: string): Promise<boolean> {
  const from = exchange.query.get('from');
  if (from === null) return false;
  checkRepository(from);
  const caller = await exchange.caller();
  if (!caller.may(from, 'pull')) return false;
  const mounted = await exchange.services.storage.blobs.mount(
    { from, to, digest },
    blobOptions(exchange, 'mount'),
  );
  if (mounted === undefined) return false;
  sendCreated(exchange, to, digest);
  return true;
}

async function appendBody(exchange: RegistryExchange, repository: string, id: string): Promise<UploadInfo> {
  const range = contentRange(exchange.request);
  return await exchange.services.storage.uploads.append(repository, id, {
    source: streamBody(exchange.request),
    offset: range?.first,
    expectedBytes: contentLength(exchange.request),
    signal: exchange.signal,
  });
}

async function finishUpload(
  exchange: RegistryExchange,
  { repository, id }: { repository: string; id: string },
  digestText: string | null,
): Promise<void> {
  if (digestText === null) throw new BadRequestError('the query names no digest');
  const digest = parseDigest(digestText);
  if (contentLength(exchange.request) !== 0) await appendBody(exchange, repository, id);
  // From here on the client waits for the disk, and says nothing.
  exchange.request.socket.setTimeout(0);
  await exchange.services.storage.uploads.commit({ repository, id, digest }, blobOptions(exchange, 'push'));
  sendCreated(exchange, repository, digest);
}

function blobOptions(exchange: RegistryExchange, action: 'push' | 'mount'): ChangeOptions<BlobChange> {
  const { rules, events } = exchange.services;
  return {
    inTransaction: ({ repository, digest, sizeBytes, isNew }) => {
      if (isNew) rules.checkBlob({ repository, digest, sizeBytes });
      events.publish(exchange.event({ action, repository, digest, sizeBytes }));
    },
  };
}

function sendCreated(exchange: RegistryExchange, repository: string, digest: string): void {
  sendEmpty(exchange, 201, {
    Location: `/v2/${repository}/blobs/${digest}`,
    'Docker-Content-Digest': digest,
  });
}

function sendProgress(exchange: RegistryExchange, upload: UploadInfo): void {
  sendEmpty(exchange, 202, progressHeaders(upload));
}

function progressHeaders({ repository, id, sizeBytes }: UploadInfo): Record<string, string> {
  return {
    Location: `/v2/${repository}/blobs/uploads/${id}`,
    Range: uploadRange(sizeBytes),
    'Docker-Upload-UUID': id,
  };
}
