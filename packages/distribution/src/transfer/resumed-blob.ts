import type { IncomingMessage } from 'node:http';
import { type EngineError, errorMessage } from '@gantry/base';
import { RangeIgnoredError, RegistryUnreachableError } from '../errors.ts';
import type { BlobDescriptor } from '../remote-repository.ts';
import type { RegistryAnswer, RegistryConnection } from './registry-connection.ts';

export interface BlobRequest {
  descriptor: BlobDescriptor;
  open: (headers: Record<string, string>) => Promise<RegistryAnswer>;
  refusal: (answer: RegistryAnswer) => Promise<EngineError>;
  signal: AbortSignal | undefined;
}

/**
 * A blob's bytes, over as many connections as it takes: after a break the rest is asked for, by a range. Gives up after
 * `maxAttempts` connections in a row that brought nothing.
 */
export async function* resumedBlob(
  connection: RegistryConnection,
  { descriptor, open, refusal, signal }: BlobRequest,
): AsyncGenerator<Uint8Array, void, void> {
  const { size } = descriptor;
  let offset = 0;
  let idle = 0;
  do {
    const answer = await open(offset === 0 ? {} : { Range: `bytes=${offset}-` });
    if (answer.status !== 200 && answer.status !== 206) throw await refusal(answer);
    const before = offset;
    let failure: unknown;
    try {
      for await (const chunk of bodyFrom(answer, offset)) {
        offset += chunk.length;
        yield chunk;
      }
    } catch (error) {
      if (error instanceof RangeIgnoredError) throw error;
      failure = error;
    } finally {
      answer.response.destroy();
    }
    signal?.throwIfAborted();
    if (offset >= size) return;
    idle = offset > before ? 0 : idle + 1;
    if (idle >= connection.maxAttempts) {
      throw new RegistryUnreachableError(
        answer.url.href,
        failure === undefined ? 'unexpected EOF' : errorMessage(failure),
        failure,
      );
    }
    if (idle > 0) await connection.pause(idle, signal);
  } while (offset < size);
}

/** The bytes from `offset`: a registry that knows no ranges sends all of them again. */
async function* bodyFrom({ response, status, url }: RegistryAnswer, offset: number): AsyncGenerator<Buffer> {
  let skip = 0;
  if (offset > 0) {
    if (status === 200) skip = offset;
    else if (firstByteOf(response) !== offset) throw new RangeIgnoredError(url.href, offset);
  }
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const rest = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}

function firstByteOf({ headers }: IncomingMessage): number | undefined {
  const first = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1];
  return first === undefined ? undefined : Number(first);
}
