import type { IncomingMessage } from 'node:http';
import { type EngineError, errorMessage } from '@gantry/base';
import { RangeIgnoredError, RegistryUnreachableError } from '../errors.ts';
import type { BlobDescriptor } from '../remote-repository.ts';
import type { RegistryAnswer, RegistryConnection } from './registry-connection.ts';

export interface BlobRequest {
  descriptor: BlobDescriptor;
  open: (headers: Record<string, string>, signal: AbortSignal | undefined) => Promise<RegistryAnswer>;
  refusal: (answer: RegistryAnswer) => Promise<EngineError>;
  signal: AbortSignal | undefined;
  /** The first byte that is wanted; 0 when missing. */
  offset?: number;
  /** Told of each answer before its bytes. */
  onAnswer?: (answer: RegistryAnswer) => void;
}

/** Bytes of a blob, without the one at `end`. */
export interface Segment {
  offset: number;
  end: number;
}

/**
 * A blob's bytes from the offset on, over as many connections as it takes: after a break the rest is asked for, by a range. Gives up
 * after `maxAttempts` connections in a row that brought nothing.
 */
export async function* resumedBlob(
  connection: RegistryConnection,
  request: BlobRequest,
): AsyncGenerator<Uint8Array, void, void> {
  yield* resumed(connection, request, { offset: request.offset ?? 0 });
}

/** The same of a part of the blob. Throws `RangeIgnoredError` when the registry sends another one, or more. */
export async function resumedSegment(
  connection: RegistryConnection,
  request: BlobRequest,
  segment: Segment,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(segment.end - segment.offset);
  let filled = 0;
  for await (const chunk of resumed(connection, request, segment)) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return bytes;
}

async function* resumed(
  connection: RegistryConnection,
  { descriptor, open, refusal, signal, onAnswer }: BlobRequest,
  { offset: from, end: last }: { offset: number; end?: number },
): AsyncGenerator<Uint8Array, void, void> {
  const end = last ?? descriptor.size;
  let offset = from;
  let idle = 0;
  do {
    const answer = await open(rangeOf(offset, last), signal);
    if (answer.status !== 200 && answer.status !== 206) throw await refusal(answer);
    onAnswer?.(answer);
    const before = offset;
    let failure: unknown;
    try {
      for await (const chunk of bodyFrom(answer, { offset, last })) {
        offset += chunk.length;
        yield chunk;
      }
    } catch (error) {
      if (error instanceof RangeIgnoredError) throw error;
      failure = error;
    } finally {
      if (!answer.response.complete) answer.response.destroy();
    }
    signal?.throwIfAborted();
    if (offset >= end) return;
    idle = offset > before ? 0 : idle + 1;
    if (idle >= connection.maxAttempts) {
      throw new RegistryUnreachableError(
        answer.url.href,
        failure === undefined ? 'unexpected EOF' : errorMessage(failure),
        failure,
      );
    }
    if (idle > 0) await connection.pause(idle, signal);
  } while (offset < end);
}

function rangeOf(offset: number, last: number | undefined): Record<string, string> {
  if (offset === 0 && last === undefined) return {};
  return { Range: `bytes=${offset}-${last === undefined ? '' : last - 1}` };
}

/** The bytes from `offset`: a registry that knows no ranges sends all of them again. */
async function* bodyFrom(
  { response, status, url }: RegistryAnswer,
  { offset, last }: { offset: number; last: number | undefined },
): AsyncGenerator<Buffer> {
  const isOther = status === 206 && (offset > 0 || last !== undefined) && firstByteOf(response) !== offset;
  if (isOther || (status === 200 && last !== undefined)) throw new RangeIgnoredError(url.href, offset);
  let skip = status === 200 ? offset : 0;
  let at = offset;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const rest = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - rest.length;
    at += rest.length;
    if (last !== undefined && at > last) throw new RangeIgnoredError(url.href, offset);
    if (rest.length > 0) yield rest;
  }
}

function firstByteOf({ headers }: IncomingMessage): number | undefined {
  const first = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1];
  return first === undefined ? undefined : Number(first);
}
