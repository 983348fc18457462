import { type EngineError, errorMessage } from '@gantry/base';
import { RegistryRefusedError, RegistryUnreachableError } from '../errors.ts';
import type { BlobDescriptor } from '../remote-repository.ts';
import type { RegistryAnswer, RegistryConnection, RepositoryRequest } from './registry-connection.ts';

export interface BlobUpload {
  /** The repository's. */
  path: string;
  descriptor: BlobDescriptor;
  open: () => AsyncIterable<Uint8Array>;
  ask: (request: Omit<RepositoryRequest, 'scope' | 'signal'>) => Promise<RegistryAnswer>;
  refusal: (answer: RegistryAnswer) => Promise<EngineError>;
  onProgress?: (sentBytes: number) => void;
  signal?: AbortSignal;
}

/**
 * Uploads a blob in one piece: a session is opened, the bytes go by `PUT` with the digest (distribution spec, "POST then PUT").
 * What breaks is begun anew, in a new session.
 */
export async function uploadBlob(connection: RegistryConnection, upload: BlobUpload): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await tryUpload(upload);
      return;
    } catch (error) {
      upload.signal?.throwIfAborted();
      if (!(error instanceof RegistryUnreachableError) || attempt >= connection.maxAttempts) throw error;
      await connection.pause(attempt, upload.signal);
    }
  }
}

async function tryUpload({ path, descriptor, open, ask, refusal, onProgress }: BlobUpload): Promise<void> {
  const session = await ask({
    method: 'POST',
    path: `${path}/blobs/uploads/`,
    headers: { 'Content-Length': '0' },
  });
  if (session.status !== 202) throw await refusal(session);
  session.response.resume();
  const target = uploadUrl(session);
  target.searchParams.set('digest', descriptor.digest);
  const done = await ask({
    method: 'PUT',
    path: target,
    headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': String(descriptor.size) },
    body: () => counted(open(), onProgress),
  });
  if (done.status !== 201) throw await refusal(done);
  done.response.resume();
}

function uploadUrl({ response, url, status }: RegistryAnswer): URL {
  const { location = '' } = response.headers;
  const target = URL.parse(location, url.href);
  if (location === '' || target === null || !['http:', 'https:'].includes(target.protocol)) {
    throw new RegistryRefusedError(
      url.href,
      status,
      `${url.href}: the registry opened an upload without saying where`,
    );
  }
  // A registry behind a proxy that ends TLS does not know that it is spoken to by https.
  if (target.host === url.host) target.protocol = url.protocol;
  return target;
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onProgress: ((sentBytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  let sentBytes = 0;
  try {
    for await (const chunk of source) {
      // Freed when it is sent.
      const { length } = chunk;
      yield chunk;
      sentBytes += length;
      onProgress?.(sentBytes);
    }
  } catch (error) {
    throw new Error(`cannot read what is uploaded: ${errorMessage(error)}`, { cause: error });
  }
}
