import { open } from 'node:fs/promises';
import { BlobNotFoundError } from '@gantry/content';
import { isErrno } from '@gantry/kernel';
import { parseDigest } from '@gantry/oci';
import { checkRepository } from '../storage/names.ts';
import type { BufferPool } from './buffer-pool.ts';
import { matchesTag, parseRange } from './byte-range.ts';
import { NothingThereError, UnsupportedRequestError } from './errors.ts';
import type { RegistryExchange } from './registry-exchange.ts';
import { sendEmpty, sendHead } from './respond.ts';
import { sendArriving } from './send-arriving.ts';
import { sendFile } from './send-file.ts';

interface BlobPath {
  repository: string;
  digest: string;
}

/** `GET`, `HEAD` and `DELETE` of `/v2/<name>/blobs/<digest>`. */
export async function serveBlob(exchange: RegistryExchange, path: BlobPath, pool: BufferPool): Promise<void> {
  checkRepository(path.repository);
  parseDigest(path.digest);
  switch (exchange.method) {
    case 'GET':
    case 'HEAD':
      return await getBlob(exchange, path, pool);
    case 'DELETE':
      return await deleteBlob(exchange, path);
    default:
      throw new UnsupportedRequestError(`${exchange.method} of a blob`);
  }
}

async function getBlob(exchange: RegistryExchange, path: BlobPath, pool: BufferPool): Promise<void> {
  const { storage, pullThrough } = exchange.services;
  const { repository, digest } = path;
  const caller = await exchange.caller();
  caller.require(repository, ['pull']);
  const blob = storage.blobs.get(repository, digest);
  if (blob !== undefined) return await sendStored(exchange, { repository, ...blob }, pool);
  const arriving = pullThrough.covers(repository)
    ? await pullThrough.fetchBlob(repository, digest, exchange.signal)
    : undefined;
  if (arriving === undefined) throw new NothingThereError('blob', `${repository}@${digest}`);
  await sendArriving(exchange, { repository, digest, arriving });
}

interface StoredBlob extends BlobPath {
  sizeBytes: number;
}

async function sendStored(exchange: RegistryExchange, blob: StoredBlob, pool: BufferPool): Promise<void> {
  const { repository, digest, sizeBytes } = blob;
  const { request, response, services } = exchange;
  const entityTag = `"${digest}"`;
  const headers = {
    'Content-Type': 'application/octet-stream',
    'Docker-Content-Digest': digest,
    'Accept-Ranges': 'bytes',
    // What a digest names never changes.
    'Cache-Control': 'max-age=31536000',
    ETag: entityTag,
  };
  if (matchesTag(request.headers['if-none-match'], entityTag)) {
    sendEmpty(exchange, 304, headers);
    return;
  }
  const mayBePart = [undefined, entityTag].includes(request.headers['if-range']?.toString());
  const range = mayBePart ? parseRange(request.headers.range, sizeBytes) : undefined;
  const { first, last } = range ?? { first: 0, last: sizeBytes - 1 };
  const length = last - first + 1;
  const part = range === undefined ? {} : { 'Content-Range': `bytes ${first}-${last}/${sizeBytes}` };
  const status = range === undefined ? 200 : 206;
  if (exchange.method === 'HEAD' || length === 0) {
    // Who hears that it is there does not send it again: so the disk is asked.
    await (await openBlob(exchange, blob)).close();
    sendHead(exchange, status, { ...headers, ...part, 'Content-Length': length });
    response.end();
    return;
  }
  await using file = await openBlob(exchange, blob);
  sendHead(exchange, status, { ...headers, ...part, 'Content-Length': length });
  await sendFile(response, { file, offset: first, length }, pool);
  response.end();
  services.events.publish(exchange.event({ action: 'pull', repository, digest, sizeBytes }));
}

async function openBlob({ services }: RegistryExchange, { digest }: BlobPath): ReturnType<typeof open> {
  try {
    return await open(services.storage.blobs.path(digest), 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) throw new BlobNotFoundError(parseDigest(digest));
    throw error;
  }
}

async function deleteBlob(exchange: RegistryExchange, { repository, digest }: BlobPath): Promise<void> {
  const { storage, events } = exchange.services;
  const caller = await exchange.caller();
  caller.require(repository, ['delete']);
  const isGone = await storage.blobs.remove(repository, digest, {
    inTransaction: ({ sizeBytes }) =>
      events.publish(exchange.event({ action: 'delete', repository, digest, sizeBytes })),
  });
  if (!isGone) throw new NothingThereError('blob', `${repository}@${digest}`);
  sendEmpty(exchange, 202);
}
