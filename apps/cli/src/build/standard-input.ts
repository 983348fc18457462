import { detectCompression } from '@gantry/oci';

/** Bytes that tell an archive from a Dockerfile: a header of tar. */
const probeBytes = 512;

/** What came by stdin, of which only the beginning has been read. */
export interface StandardInput {
  readonly isArchive: boolean;
  /** All of it, to be read once. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Looks at the beginning of stdin: whether it is a tar, compressed or not. */
export async function readStandardInput(): Promise<StandardInput> {
  const chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const read: Buffer[] = [];
  let length = 0;
  while (length < probeBytes) {
    const next = await chunks.next();
    if (next.done === true) break;
    read.push(next.value);
    length += next.value.length;
  }
  const start = Buffer.concat(read);
  return {
    isArchive: detectCompression(start) !== 'none' || looksLikeTar(start),
    content: joined(start, chunks),
  };
}

async function* joined(start: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Uint8Array> {
  if (start.length > 0) yield start;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
}

/** The magic of a ustar header. */
function looksLikeTar(bytes: Buffer): boolean {
  return bytes.length >= probeBytes && bytes.subarray(257, 262).toString('latin1') === 'ustar';
}
