import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ProtocolError, TruncatedResponseError } from './errors.ts';
import { demultiplex, type OutputFrame } from './output-frames.ts';

function frame(stream: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

async function collect(chunks: readonly Uint8Array[]): Promise<OutputFrame[]> {
  async function* source(): AsyncGenerator<Uint8Array> {
    yield* chunks;
  }
  const frames: OutputFrame[] = [];
  for await (const piece of demultiplex(source())) frames.push(piece);
  return frames;
}

const joined = (frames: readonly OutputFrame[], stream: string): string =>
  Buffer.concat(frames.filter((piece) => piece.stream === stream).map(({ data }) => data)).toString('hex');

test('gives each stream its bytes in order, however the frames are cut', async () => {
  const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 })), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(frames, fc.array(fc.nat(20), { minLength: 1 }), async (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(([stream, payload]) => frame(stream, payload)));
      const chunks: Buffer[] = [];
      for (let at = 0, index = 0; at < bytes.length; index += 1) {
        const length = (cuts[index % cuts.length] ?? 0) + 1;
        chunks.push(bytes.subarray(at, at + length));
        at += length;
      }
      const received = await collect(chunks);
      for (const [number, name] of [
        [1, 'stdout'],
        [2, 'stderr'],
      ] as const) {
        const expected = sent.filter(([stream]) => stream === number).map(([, payload]) => payload);
        assert.equal(joined(received, name), Buffer.concat(expected).toString('hex'));
      }
    }),
  );
});

test("throws the engine's error frame", async () => {
  const text = Buffer.from('Error grabbing logs: gone');
  await assert.rejects(
    collect([frame(1, Buffer.from('x')), frame(3, text)]),
    /error from daemon in stream: Error grabbing logs: gone/,
  );
});

test('refuses an unknown stream, and one that ends in the midst of a frame', async () => {
  await assert.rejects(collect([frame(9, Buffer.from('x'))]), ProtocolError);
  await assert.rejects(collect([frame(1, Buffer.from('abc')).subarray(0, 10)]), TruncatedResponseError);
  await assert.rejects(collect([Buffer.from([1, 0, 0])]), TruncatedResponseError);
});
