import { posix } from 'node:path';
import { errorMessage } from '@gantry/base';
import type { PlainLayer } from '@gantry/images';
import { type Digest, encodeTarHeader, tarEnd, tarPadding } from '@gantry/oci';
import type { BuilderEnvironment } from '../builder-environment.ts';
import type { Download } from '../cache/downloads.ts';
import { InvalidBuildError } from '../errors.ts';
import { holdLayer, storeLayer } from '../steps/layers.ts';
import type { SourceRequest } from './source-request.ts';

/** One file behind http(s), alone in a layer. */
export interface HttpSource {
  readonly layers: readonly Digest[];
  /** In the layer's root. */
  readonly name: string;
  /** Of its bytes. */
  readonly digest: Digest;
}

export interface HttpRequest {
  /** http or https. */
  readonly url: string;
  /** `sha256:…` that the bytes must have; empty for any. */
  readonly checksum: string;
}

/** More than anybody adds to an image. */
const maxBytes = 64 * 1024 ** 3;

/**
 * Fetches a file, unless the server says that it is the one from the last time (ETag, Last-Modified), or the checksum does. Its mode
 * is 0600, its time Last-Modified or none. Follows redirects. Throws `InvalidBuildError`.
 */
export async function fetchHttp(
  environment: BuilderEnvironment,
  { url, checksum }: HttpRequest,
  request: SourceRequest,
): Promise<HttpSource> {
  const { downloads } = environment;
  const known = downloads.find(url);
  const isHere = known !== undefined && (await holdLayer(environment, known.layer, request.keep));
  if (isHere && checksum !== '' && known.digest === checksum) return sourceOf(known);
  const response = await ask(url, isHere ? known : undefined, request);
  if (response.status === 304 && isHere) {
    await response.body?.cancel();
    return sourceOf(checked(known, checksum, url));
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new InvalidBuildError(`invalid response status ${response.status} for ${url}`);
  }
  const download = await store(environment, { url, response, body: response.body }, request);
  downloads.put(url, checked(download, checksum, url));
  return sourceOf(download);
}

async function ask(
  url: string,
  known: Download | undefined,
  { signal, client }: SourceRequest,
): Promise<Response> {
  const headers = new Headers({ 'user-agent': 'gantry', 'accept-encoding': 'identity' });
  if (known?.etag !== undefined) headers.set('if-none-match', known.etag);
  else if (known?.lastModified !== undefined) headers.set('if-modified-since', known.lastModified);
  const { host } = new URL(url);
  const token = await client?.secret?.(`HTTP_AUTH_TOKEN_${host}`, { signal });
  const header = await client?.secret?.(`HTTP_AUTH_HEADER_${host}`, { signal });
  if (header !== undefined) headers.set('authorization', Buffer.from(header).toString().trim());
  else if (token !== undefined)
    headers.set('authorization', `Bearer ${Buffer.from(token).toString().trim()}`);
  try {
    return await fetch(url, { headers, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw failed(url, error);
  }
}

/** A tar says a size before the bytes come: they are stored first, and packed then. */
async function store(
  environment: BuilderEnvironment,
  { url, response, body }: { url: string; response: Response; body: ReadableStream<Uint8Array> },
  { keep, signal }: SourceRequest,
): Promise<Download> {
  const { content } = environment.ports;
  const bytes = await content.ingest(bounded(body, url, signal), { lease: keep.lease, signal });
  const lastModified = response.headers.get('last-modified') ?? undefined;
  const time = lastModified === undefined ? Number.NaN : Date.parse(lastModified);
  const name = nameOf(response.url || url);
  const archive = (async function* () {
    yield encodeTarHeader({
      type: 'file',
      name: Buffer.from(name),
      mode: 0o600,
      uid: 0,
      gid: 0,
      mtimeNs: BigInt(Number.isNaN(time) ? 0 : time) * 1_000_000n,
      sizeBytes: bytes.sizeBytes,
    });
    yield* content.read(bytes.digest);
    yield tarPadding(bytes.sizeBytes);
    yield tarEnd;
  })();
  const layer = (await storeLayer(environment, archive, { keep, signal })) as PlainLayer;
  const etag = response.headers.get('etag') ?? undefined;
  return {
    name,
    digest: bytes.digest,
    layer,
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { lastModified }),
  };
}

async function* bounded(
  body: ReadableStream<Uint8Array>,
  url: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  let sizeBytes = 0;
  try {
    for await (const chunk of body) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
      yield chunk;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw failed(url, error);
  }
}

function failed(url: string, error: unknown): InvalidBuildError {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${errorMessage(error.cause)}` : '';
  return new InvalidBuildError(`cannot fetch ${url}: ${errorMessage(error)}${cause}`);
}

function checked(download: Download, checksum: string, url: string): Download {
  if (checksum === '' || download.digest === checksum) return download;
  throw new InvalidBuildError(`digest mismatch for ${url}: got ${download.digest}, expected ${checksum}`);
}

function sourceOf({ layer, name, digest }: Download): HttpSource {
  return { layers: [layer.diffId], name, digest };
}

/** The last name of the path; `download` where there is none. */
function nameOf(url: string): string {
  const name = posix.basename(decoded(new URL(url).pathname)).replaceAll('\0', '');
  if (name === '' || name === '.' || name === '..' || name.startsWith('.wh.')) return 'download';
  return name;
}

/** As it is where it is no encoding of anything. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
