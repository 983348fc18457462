/** Larger ones would come near the bound of a message. */
const longestPieceBytes = 1024 ** 2;

/** Bytes in pieces that fit into messages. */
export function* pieces(chunk: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < chunk.length; start += longestPieceBytes)
    yield chunk.subarray(start, start + longestPieceBytes);
}

/** A stream of bytes in pieces that fit into messages. */
export async function* streamPieces(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) yield* pieces(chunk);
}
