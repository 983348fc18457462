/** The first bytes of a stream, at least `wanted` unless it has fewer, and the stream from its beginning. */
export interface PeekedStream {
  readonly head: Uint8Array;
  readonly stream: AsyncIterable<Uint8Array>;
}

/** Who does not iterate `stream` must close `source`. */
export async function peekStream(source: AsyncIterable<Uint8Array>, wanted: number): Promise<PeekedStream> {
  const iterator = source[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < wanted) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    chunks.push(value);
    length += value.length;
  }
  const rest = { [Symbol.asyncIterator]: () => iterator };
  return {
    head: Buffer.concat(chunks),
    stream: (async function* () {
      yield* chunks;
      yield* rest;
    })(),
  };
}

/** A tar begins with a header whose checksum is right, or with its end (POSIX pax, ustar). */
export function beginsTar(head: Uint8Array): boolean {
  if (head.length < 512) return false;
  const block = head.subarray(0, 512);
  const stored = Number.parseInt(Buffer.from(block.subarray(148, 156)).toString('latin1').trim(), 8);
  const unsigned = block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
  const signed = block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : (byte << 24) >> 24), 0);
  return stored === unsigned || stored === signed || block.every((byte) => byte === 0);
}
