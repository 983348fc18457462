import { ProtocolError, TruncatedResponseError } from './errors.ts';

/** A piece of a container's output. */
export interface OutputFrame {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

/**
 * Splits Docker's multiplexed stream: eight bytes of header (stream, three zeros, big-endian length), then the
 * payload. A payload is handed on in the pieces it arrives in, so a huge frame costs no memory. A frame of stream 3
 * is the engine's error and is thrown as `ProtocolError`; so is an unknown stream.
 */
export async function* demultiplex(source: AsyncIterable<Uint8Array>): AsyncGenerator<OutputFrame> {
  const header = Buffer.alloc(headerBytes);
  let headerFilled = 0;
  let left = 0;
  let system = '';
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      if (left === 0) {
        const taken = Math.min(headerBytes - headerFilled, chunk.length - at);
        header.set(chunk.subarray(at, at + taken), headerFilled);
        headerFilled += taken;
        at += taken;
        if (headerFilled < headerBytes) continue;
        headerFilled = 0;
        left = header.readUInt32BE(4);
        if ((header[0] ?? 0) > systemStream)
          throw new ProtocolError(`unknown stream ${header[0]} in the output`);
        continue;
      }
      const data = chunk.subarray(at, at + left);
      at += data.length;
      left -= data.length;
      if (header[0] === systemStream) system += Buffer.from(data).toString('utf8');
      else yield { stream: header[0] === stderrStream ? 'stderr' : 'stdout', data };
      if (left === 0 && system !== '') throw new ProtocolError(`error from daemon in stream: ${system}`);
    }
  }
  if (left > 0 || headerFilled > 0) throw new TruncatedResponseError('an output frame');
}

/** The frames of a stream that is not multiplexed (a terminal's): everything is stdout. */
export async function* rawFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<OutputFrame> {
  for await (const data of source) yield { stream: 'stdout', data };
}

const headerBytes = 8;
const stderrStream = 2;
const systemStream = 3;
