import { InvalidImageError } from '../errors.ts';

/** Passes a stream on, and throws `InvalidImageError` naming `what` once it is longer than `maxBytes`. */
export async function* bounded(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  what: string,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of source) {
    total += chunk.length;
    if (total > maxBytes) {
      throw new InvalidImageError(`${what} is larger than ${maxBytes} bytes`, { subject: what });
    }
    yield chunk;
  }
}

/** The whole of a short stream; throws like `bounded`. */
export async function collect(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  what: string,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bounded(source, maxBytes, what)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
