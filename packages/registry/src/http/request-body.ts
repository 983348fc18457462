import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { BadRequestError, ClientGoneError, ManifestTooLargeError } from './errors.ts';

/** The body as it comes. Ending early leaves the connection alone. Throws `ClientGoneError`. */
export async function* streamBody(request: IncomingMessage): AsyncGenerator<Uint8Array, void, void> {
  try {
    const chunks = (request as Readable).iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) yield chunk as Uint8Array;
  } catch (error) {
    throw new ClientGoneError(error);
  }
}

/** The whole body. Throws `ManifestTooLargeError` past the bound, `ClientGoneError`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if ((contentLength(request) ?? 0) > maxBytes) throw new ManifestTooLargeError(maxBytes);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of streamBody(request)) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new ManifestTooLargeError(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, sizeBytes);
}

/** Undefined for a body whose length is not said. */
export function contentLength({ headers }: IncomingMessage): number | undefined {
  const text = headers['content-length'];
  if (text !== undefined) return Number(text);
  return headers['transfer-encoding'] === undefined ? 0 : undefined;
}

/** Where a piece of an upload begins: `Content-Range: 100-199`, or as HTTP has it, `bytes 100-199/*`. */
export function contentRange(request: IncomingMessage): { first: number; length: number } | undefined {
  const text = request.headers['content-range'];
  if (text === undefined) return undefined;
  const match = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\*|\d{1,15}))?$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  const length = last - first + 1;
  if (match === null || length < 0) {
    throw new BadRequestError(`invalid Content-Range: ${JSON.stringify(text.slice(0, 100))}`);
  }
  const said = contentLength(request);
  if (said !== undefined && said !== length) {
    throw new BadRequestError(`Content-Range names ${length} bytes, Content-Length ${said}`);
  }
  return { first, length };
}
