import type { Readable } from 'node:stream';
import { BodyAbortedError, BodyTimeoutError, BodyTooLargeError, InvalidRequestError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import type { Decoder } from './decoder.ts';
import { parseJson } from './json.ts';
import { bounded } from './query.ts';
import { readUpgradeBody } from './upgrade-body.ts';

export interface BodyOptions {
  /** The route's own bound; the server's when missing. */
  maxBytes?: number;
}

/**
 * The body as the decoder reads it; undefined when there is none, whatever its content type says. Throws
 * `InvalidRequestError` (malformed, or a content type that is not JSON), `BodyTooLargeError`, `BodyTimeoutError`,
 * `BodyAbortedError`.
 */
export async function readJsonBody<T>(
  exchange: Exchange,
  decoder: Decoder<T>,
  options: BodyOptions = {},
): Promise<T | undefined> {
  const bytes = await readBody(exchange, options.maxBytes ?? exchange.context.limits.maxBodyBytes);
  if (bytes.length === 0) return undefined;
  checkContentType(exchange.request.headers['content-type'] ?? '');
  const value = parseJson(bytes);
  return value === null ? undefined : decoder.decode(value, '');
}

/** True when the request announces a body that is not empty. */
export function announcesBody(exchange: Exchange): boolean {
  const { headers } = exchange.request;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * The body as it arrives. Ending the iteration early leaves the connection alone, so that an answer can still be sent.
 * Throws `BodyAbortedError` when the client goes away in the middle.
 */
export async function* streamBody(exchange: Exchange): AsyncGenerator<Uint8Array> {
  try {
    const chunks = (exchange.request as Readable).iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) yield chunk as Uint8Array;
  } catch (error) {
    throw new BodyAbortedError(error);
  }
}

/**
 * Reads the whole body now and keeps it for whoever reads it later. Throws `BodyTooLargeError` for one that is larger than
 * any route takes, `BodyTimeoutError`, `BodyAbortedError`.
 */
export async function bufferBody(exchange: Exchange): Promise<Buffer> {
  exchange.body = await receiveBody(exchange, exchange.context.limits.maxBodyBytes);
  return exchange.body;
}

async function readBody(exchange: Exchange, limit: number): Promise<Buffer> {
  const body = exchange.body ?? (await receiveBody(exchange, limit));
  if (body.length > limit) throw new BodyTooLargeError(limit);
  return body;
}

async function receiveBody(exchange: Exchange, limit: number): Promise<Buffer> {
  if (!announcesBody(exchange)) return Buffer.alloc(0);
  if (Number(exchange.request.headers['content-length'] ?? 0) > limit) throw new BodyTooLargeError(limit);
  const { bodyTimeoutMs } = exchange.context.limits;
  const deadline = new AbortController();
  const timeout = exchange.context.clock.sleep(bodyTimeoutMs, deadline.signal).then(
    () => Promise.reject(new BodyTimeoutError(bodyTimeoutMs)),
    () => new Promise<never>(() => {}),
  );
  try {
    const read = exchange.isUpgrade
      ? readUpgradeBody(exchange.socket, exchange.request.headers, limit)
      : collect(exchange.request, limit);
    return await Promise.race([read, timeout]);
  } finally {
    deadline.abort();
  }
}

function collect(request: Readable, limit: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else reject(new BodyTooLargeError(limit));
  };
  const onEnd = (): void => resolve(Buffer.concat(chunks, size));
  const onGone = (error?: Error): void => reject(new BodyAbortedError(error));
  request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  return promise.finally(() => {
    request.pause();
    request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
  });
}

function checkContentType(header: string): void {
  const type = header.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json') return;
  const message =
    type === ''
      ? 'malformed Content-Type header (): mime: no media type'
      : `unsupported Content-Type header (${bounded(header)}): must be 'application/json'`;
  throw new InvalidRequestError(message, { code: 'bad-content-type' });
}
