import { RangeIgnoredError } from '../errors.ts';
import type { RegistryAnswer, RegistryConnection } from './registry-connection.ts';
import { type BlobRequest, resumedBlob, resumedSegment } from './resumed-blob.ts';

/** When a blob is fetched over several connections at once. */
export interface RangeSettings {
  /** Of which at least so much is missing. */
  leastBytes: number;
  /** And of which the first connection brings less, measured over its first `measuredBytes` and the time that was waited for them. */
  enoughBytesPerSecond: number;
  measuredBytes: number;
  connections: number;
  /** What one request asks for. So much is in memory for each connection, and once more. */
  segmentBytes: number;
}

export const usualRanges: RangeSettings = {
  leastBytes: 32 << 20,
  enoughBytesPerSecond: 12e6,
  measuredBytes: 4 << 20,
  connections: 4,
  segmentBytes: 1 << 20,
};

/**
 * A blob's bytes in their order. A large one that comes slowly over its first connection is fetched in ranges over several at once, from a
 * registry that announces them; one that does not keep to them is asked for the rest over one connection again. Throws as
 * `resumedBlob`.
 */
export async function* rangedBlob(
  connection: RegistryConnection,
  request: BlobRequest,
  settings: RangeSettings,
): AsyncGenerator<Uint8Array, void, void> {
  const { size } = request.descriptor;
  let offset = request.offset ?? 0;
  if (size - offset >= Math.max(settings.leastBytes, 2 * settings.measuredBytes)) {
    for await (const chunk of untilSlow(connection, request, settings)) {
      offset += chunk.length;
      yield chunk;
    }
    if (offset >= size) return;
    try {
      for await (const segment of segments(connection, { ...request, offset }, settings)) {
        offset += segment.length;
        yield segment;
      }
      return;
    } catch (error) {
      if (!(error instanceof RangeIgnoredError)) throw error;
    }
  }
  yield* resumedBlob(connection, { ...request, offset });
}

/** All of it, or what was measured when that came slowly and the registry takes ranges. */
async function* untilSlow(
  connection: RegistryConnection,
  request: BlobRequest,
  { measuredBytes, enoughBytesPerSecond }: RangeSettings,
): AsyncGenerator<Uint8Array, void, void> {
  let takesRanges = false;
  let received = 0;
  let isDecided = false;
  const onAnswer = ({ response, status }: RegistryAnswer): void => {
    takesRanges = status === 206 || response.headers['accept-ranges'] === 'bytes';
  };
  // What the reader takes for itself says nothing of the connection.
  let waitedMs = 0;
  let askedAt = performance.now();
  for await (const chunk of resumedBlob(connection, { ...request, onAnswer })) {
    waitedMs += performance.now() - askedAt;
    received += chunk.length;
    yield chunk;
    askedAt = performance.now();
    if (isDecided || received < measuredBytes) continue;
    isDecided = true;
    const bytesPerSecond = (received * 1000) / waitedMs;
    if (takesRanges && bytesPerSecond < enoughBytesPerSecond) return;
  }
}

async function* segments(
  connection: RegistryConnection,
  request: BlobRequest & { offset: number },
  { connections, segmentBytes }: RangeSettings,
): AsyncGenerator<Uint8Array, void, void> {
  const { size } = request.descriptor;
  const stop = new AbortController();
  const signals = request.signal === undefined ? [stop.signal] : [stop.signal, request.signal];
  const signal = AbortSignal.any(signals);
  const coming: Promise<Buffer>[] = [];
  let { offset } = request;
  const ask = (): void => {
    if (offset >= size) return;
    const end = Math.min(size, offset + segmentBytes);
    const segment = resumedSegment(connection, { ...request, signal }, { offset, end });
    // It is told when its turn comes.
    segment.catch(() => {});
    coming.push(segment);
    offset = end;
  };
  try {
    for (let count = 0; count < connections; count += 1) ask();
    for (let next = coming.shift(); next !== undefined; next = coming.shift()) {
      const segment = await next;
      ask();
      yield segment;
    }
  } finally {
    stop.abort();
  }
}
